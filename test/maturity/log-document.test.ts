import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { RecordLine } from "../../inference-sidecar/src/decision-log/record-line.ts";
import { recordOrigin } from "../../inference-sidecar/src/decision-log/record-origin.ts";
import type { WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";

/** What every line has. */
const LINK = ["n", "prev", "v"];

test("docs/log.md names exactly the members of a decision's line", async () => {
  const record = {
    sequence: 1,
    decisionId: Buffer.alloc(16),
    decision: {
      ...Object.fromEntries(texts.map((name) => [name, ""])),
      subject: Buffer.from("ada"),
      timeUnixMs: 0,
      checks: 31,
      ...{ rung: 0, effect: 0, scoredBy: 0, attackClass: 0, scoreMillionths: 0 },
    },
    completion: { responseStatus: 200, responseBytes: 1, ended: "" },
  };
  Object.assign(record.decision, { surprisalMillibits: 1, usualMillibits: 1 });
  Object.assign(record.decision, { finding: { field: "", start: 0, end: 1, decodings: [] }, timings: null });
  const names = { worker: "", policy: "", bundle: "", module: "" };
  const origin = recordOrigin({ ...names, pseudonym: () => "", subjects: "clear" });
  const line = new RecordLine(record as unknown as WireRecord, origin, 0, null).read();
  const page = await readFile(new URL("../../docs/log.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("## A decision"));
  const documented = [...table.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(documented.sort(), [...members(line)].sort());
});

const texts = [
  ...["method", "route", "reason", "wouldDeny", "issuer", "workload", "grant", "token"],
  ...["uninspected", "expiredGrant", "apiKey", "pathShape"],
];

function* members(value: object, path = ""): Generator<string> {
  for (const [name, member] of Object.entries(value)) {
    if (path === "" && LINK.includes(name)) continue;
    if (typeof member === "object" && member !== null && !Array.isArray(member))
      yield* members(member, `${path}${name}.`);
    else yield `${path}${name}`;
  }
}
