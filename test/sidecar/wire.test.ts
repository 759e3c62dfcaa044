import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import fc from "fast-check";
import { PROTOCOL } from "../../inference-sidecar/src/protocol.ts";
import { ServiceError } from "../../inference-sidecar/src/service-error.ts";
import { hasFewFields, loadService, SERVICE_NAME } from "../../inference-sidecar/src/wire.ts";
import { protoPath, service } from "./harness.ts";

const guarded = loadService(protoPath, { Score: 65_536, Report: 4_194_304, Sign: 16_384, Sync: 1024, Verify: 16_384 });

test("what a client encodes passes the guard and decodes to the same", () => {
  const window = fc.uint8Array({ minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(fc.array(window, { maxLength: 16 }), fc.uint8Array({ maxLength: 32 }), (windows, digest) => {
      const edges = windows.map(({ length }) => length % 4);
      const kinds = windows.map(({ length }) => length % 64);
      const bytes = windows.map((window) => Buffer.from(window));
      const request = { bundleDigest: Buffer.from(digest), windows: bytes, edges, kinds, protocol: PROTOCOL };
      const encoded = service.Score?.requestSerialize(request) as Buffer;
      assert.equal(hasFewFields(encoded), true);
      assert.deepEqual({ ...guarded.Score?.requestDeserialize(encoded) }, request);
    }),
  );
});

test("of a report, the sidecar's decoder makes what the general one makes", () => {
  const long = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const bytes = fc.uint8Array({ maxLength: 20 }).map((content) => Buffer.from(content));
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const evidence = fc.record(
    {
      ...{ window: bytes, head: bytes, body: bytes, source: bytes, claims: bytes },
      ...{ sample: fc.boolean(), bodyCut: fc.boolean(), edges: fc.nat({ max: 63 }), kind: fc.nat({ max: 64 }) },
    },
    { requiredKeys: [] },
  );
  const finding = fc.record(
    { field: text, start: fc.nat(), end: fc.nat(), decodings: fc.array(text, { maxLength: 3 }) },
    { requiredKeys: [] },
  );
  const stages = ["requestUs", "identityUs", "policyUs", "valuesUs", "screenUs", "inferenceUs"];
  const timings = fc.record(Object.fromEntries(stages.map((name) => [name, fc.nat()])), { requiredKeys: [] });
  const decision = fc.record(
    {
      ...{ timeUnixMs: long, method: text, route: text, rung: fc.nat({ max: 3 }), effect: fc.nat({ max: 1 }) },
      ...{ reason: text, wouldDeny: text, issuer: text, subject: bytes, workload: text, grant: text, token: text },
      ...{
        scoredBy: fc.nat({ max: 4 }),
        scoreMillionths: fc.nat(),
        attackClass: fc.nat({ max: 13 }),
        finding,
        timings,
      },
      ...{ uninspected: text, expiredGrant: text, checks: fc.nat(), selfTest: fc.boolean(), apiKey: text },
      ...{ surprisalMillibits: fc.nat(), usualMillibits: fc.nat(), pathShape: text },
    },
    { requiredKeys: [] },
  );
  const completion = fc.record({ responseStatus: fc.nat(), responseBytes: long, ended: text }, { requiredKeys: [] });
  const record = fc.record({ sequence: long, decisionId: bytes, decision, completion, evidence }, { requiredKeys: [] });
  const request = fc.record(
    { worker: bytes, policyDigest: bytes, bundleDigest: bytes, lost: long, moduleDigest: bytes, durable: fc.boolean() },
    { requiredKeys: [] },
  );
  const general = loadSync(protoPath, { longs: Number, defaults: true })[SERVICE_NAME] as ServiceDefinition;
  fc.assert(
    fc.property(request, fc.array(record, { maxLength: 3 }), (one, records) => {
      const encoded = general.Report?.requestSerialize({ ...one, records, protocol: PROTOCOL }) as Buffer;
      const expected = general.Report?.requestDeserialize(encoded) as object;
      const decoded = guarded.Report?.requestDeserialize(encoded) as object;
      // Members that were not sent are the prototype's.
      const all = (made: unknown, like: unknown): unknown => {
        if (Array.isArray(like)) return (made as unknown[]).map((each, index) => all(each, like[index]));
        if (typeof like !== "object" || like === null || Buffer.isBuffer(like)) return made;
        const names = Object.keys(like);
        return Object.fromEntries(names.map((name) => [name, all(made?.[name as never], like[name as never])]));
      };
      assert.deepEqual(all(decoded, expected), all(expected, expected));
    }),
  );
});

test("no bytes make a decoder throw: they decode, or become an error for the edge", () => {
  fc.assert(
    fc.property(fc.constantFrom("Score", "Report"), fc.uint8Array({ maxLength: 300 }), (name, bytes) => {
      const decoded = guarded[name]?.requestDeserialize(Buffer.from(bytes));
      assert.ok(typeof decoded === "object");
      if (decoded instanceof ServiceError) assert.match(decoded.code, /^(invalid_argument|failed_precondition)$/);
    }),
    { numRuns: 2000 },
  );
});

test("every call is answered one version back and one ahead, and no further", () => {
  const calls = Object.keys(guarded);
  assert.deepEqual(calls.sort(), ["Report", "Score", "Sign", "Sync", "Verify"]);
  fc.assert(
    fc.property(fc.constantFrom(...calls), fc.nat({ max: 2 ** 32 - 1 }), (name, protocol) => {
      const decoded = guarded[name]?.requestDeserialize(service[name]?.requestSerialize({ protocol }) as Buffer);
      // What was not said is the version before it could be.
      const refused = Math.abs((protocol || 1) - PROTOCOL) > 1;
      assert.equal(decoded instanceof ServiceError, refused, `${name} ${protocol}`);
      if (!(decoded instanceof ServiceError)) return;
      assert.equal(decoded.code, "failed_precondition");
      assert.match(decoded.message, /speaks protocol \d+, the sidecar \d+ .*\[wrong_pair\]$/);
    }),
    { examples: [0, 1, 2, 3, 4].map((protocol) => ["Score", protocol]) },
  );
});

test("fields are counted without decoding them", () => {
  const empty = Buffer.from([0x2a, 0x00]);
  assert.equal(hasFewFields(Buffer.concat(Array(2_048).fill(empty))), true);
  assert.equal(hasFewFields(Buffer.concat(Array(2_101).fill(empty))), false);
  for (const torn of [[0x2a], [0x2a, 0x05, 0x00], [0x80], [0x09, 1, 2], [0x0b], [0x2a, ...Array(10).fill(0xff)]]) {
    assert.equal(hasFewFields(Uint8Array.from(torn)), false, `${torn}`);
  }
});
