import assert from "node:assert/strict";
import { before, test } from "node:test";
import protobuf from "protobufjs";
import { compileEntry } from "../../harness/compile-entry.ts";

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  keyCounts(message: number): number;
}

interface Key {
  kid: string;
  algorithms: number;
  spki: Uint8Array;
}

let counts: (...issuers: Key[][]) => number[] | null;
before(async () => {
  const { exports } = await compileEntry<Exports>("test/filter/entries/sync-state-entry.ts");
  const state = protobuf.loadSync("inference-sidecar/proto/postern.proto").lookupType("postern.v1.SyncState");
  counts = (...issuers) => {
    const keys = issuers.map((keys, index) => ({ issuer: `issuer-${index}`, fetchedUnixMs: 1, keys }));
    const message = exports.__pin(
      exports.__newArray(exports.Uint8Array_ID.valueOf(), state.encode({ version: 1, keys }).finish()),
    );
    const found = exports.keyCounts(message);
    exports.__unpin(message);
    return found === 0 ? null : [...exports.__getUint8Array(found)];
  };
});

test("a key beyond the limits is left out; the other keys, and all else of the state, are taken", () => {
  const good: Key = { kid: "a", algorithms: 1, spki: new Uint8Array(91) };
  const bad: Key[] = [
    { ...good, kid: "é".repeat(129) },
    { ...good, algorithms: 0 },
    { ...good, algorithms: 2 ** 31 },
    { ...good, spki: new Uint8Array(0) },
    { ...good, spki: new Uint8Array(2049) },
  ];
  for (const key of bad) assert.deepEqual(counts([good, key], [good, good]), [1, 2], JSON.stringify(key));
  assert.deepEqual(counts([{ ...good, kid: "é".repeat(128) }], Array(65).fill(good)), [1, 64]);
});
