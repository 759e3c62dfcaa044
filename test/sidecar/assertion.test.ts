import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Admission } from "../../inference-sidecar/src/admission.ts";
import { signHandler } from "../../inference-sidecar/src/assertion/sign.ts";
import { AssertionKeys } from "../../inference-sidecar/src/assertion/signing-keys.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { service, startSidecar } from "./harness.ts";

const HOUR = 3_600_000;
const context = { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY };
const inTenSeconds = () => Math.floor(Date.now() / 1000) + 10;

async function withState(use: (state: string) => Promise<void>): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), "assertion-"));
  try {
    await use(state);
  } finally {
    await rm(state, { recursive: true });
  }
}

test("a key is published an hour before it signs and an hour after, whenever somebody looks", () =>
  withState(async (state) => {
    const start = Date.now();
    let now = start;
    let keys = await AssertionKeys.open(state, () => now);
    const signed = new Map<string, number>();
    let known = new Set(keys.published.keys.map(({ kid }) => kid));
    for (; now < start + 75 * HOUR; now += HOUR / 4) {
      await keys.turn();
      const { kid } = keys.current.jwk;
      if (!signed.has(kid) && signed.size > 0) assert.ok(known.has(kid), "it was published a quarter of an hour ago");
      signed.set(kid, now);
      const published = new Set(keys.published.keys.map((key) => key.kid));
      // What was signed within the last ten minutes, the longest life of an assertion, can be verified.
      for (const [old, last] of signed) if (now - last <= 600_000) assert.ok(published.has(old));
      assert.ok(published.size <= 3);
      known = published;
      if (now === start + 30 * HOUR) {
        await keys.close();
        keys = await AssertionKeys.open(state, () => now);
        assert.equal(keys.current.jwk.kid, kid, "a restart changes nothing");
      }
    }
    assert.equal(signed.size, 4);
    await keys.close();
    const file = JSON.parse(await readFile(join(state, "assertion-jwks.json"), "utf8"));
    assert.deepEqual(file, keys.published);
    assert.equal((await stat(join(state, "keys", "assertion.json"))).mode & 0o777, 0o600);
  }));

test("after a long rest the old key signs until readers have had an hour for the new one", () =>
  withState(async (state) => {
    let now = Date.now();
    const before = await AssertionKeys.open(state, () => now);
    const { kid } = before.current.jwk;
    await before.close();
    now += 30 * 24 * HOUR;
    const keys = await AssertionKeys.open(state, () => now);
    assert.equal(keys.current.jwk.kid, kid);
    assert.equal(keys.published.keys.length, 2);
    now += HOUR;
    assert.notEqual(keys.current.jwk.kid, kid);
    await keys.close();
  }));

test("keys that could not be opened do nothing more: they would publish others than those that sign", () =>
  withState(async (state) => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const published = join(state, "assertion-jwks.json");
      await mkdir(published);
      await assert.rejects(AssertionKeys.open(state));
      await rm(published, { recursive: true });
      mock.timers.tick(60_000);
      await sleep(500);
      assert.ok(!existsSync(published));
    } finally {
      mock.timers.reset();
    }
  }));

test("keys that others may read are refused, and so is a file that holds none", () =>
  withState(async (state) => {
    await (await AssertionKeys.open(state)).close();
    await chmod(join(state, "keys", "assertion.json"), 0o644);
    await assert.rejects(AssertionKeys.open(state), /chmod 600/);
  }));

test("claims are signed as they are given, with times and an id; everything else is refused", () =>
  withState(async (state) => {
    const keys = await AssertionKeys.open(state);
    const sign = signHandler(new Admission(8), async () => keys);
    const keySet = createLocalJWKSet({ keys: [...keys.published.keys] });
    const claim = fc.constantFrom("iss", "aud", "sub", "scope", "claims", "x");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(claim, fc.string({ unit: "binary" })), async (given) => {
        const text = JSON.stringify(given);
        const { assertion } = await sign({ claims: Buffer.from(text), expiresUnixS: inTenSeconds() }, context);
        const { iat, exp, jti, ...claims } = (await jwtVerify(assertion, keySet)).payload;
        assert.deepEqual(claims, JSON.parse(Buffer.from(text).toString()));
        assert.ok(iat !== undefined && exp !== undefined && exp > iat && jti !== undefined);
      }),
      { numRuns: 50 },
    );
    const { assertion } = await sign(
      { claims: Buffer.from(' {"n":12345678901234567890} '), expiresUnixS: inTenSeconds() },
      context,
    );
    assert.match(
      Buffer.from(assertion.toString().split(".")[1] ?? "", "base64url").toString(),
      /"n":12345678901234567890,"iat"/,
    );
    const large = `{"x":"${"x".repeat(8192)}"}`;
    for (const text of ["", "x", "[]", "null", "1", '{"exp":1}', '{"jti":"a"}', '{"iat":1}', large]) {
      await assert.rejects(
        sign({ claims: Buffer.from(text), expiresUnixS: inTenSeconds() }, context),
        /JSON object/,
        text,
      );
    }
    for (const expiresUnixS of [0, inTenSeconds() - 20, inTenSeconds() + 800, 2 ** 53]) {
      await assert.rejects(sign({ claims: Buffer.from("{}"), expiresUnixS }, context), /expires_unix_s/);
    }
    const without = signHandler(new Admission(8), async () => null);
    await assert.rejects(
      without({ claims: Buffer.from("{}"), expiresUnixS: inTenSeconds() }, context),
      /no assertions/,
    );
    await keys.close();
  }));

test("a filter whose policy is the first that asks for assertions has its first one signed", async () => {
  const sidecar = await startSidecar();
  try {
    await sidecar.event("listening");
    const request = { claims: Buffer.from("{}"), expiresUnixS: inTenSeconds() };
    const sign = () => sidecar.client.raw("Sign", service.Sign?.requestSerialize(request) as Buffer);
    await assert.rejects(sign(), /no assertions/);
    const asking = "version: 1\nmode: detect\nidentity: { assertion: { issuer: gate, audience: shop } }\nroutes: []\n";
    const { policy } = await parsePolicy(asking, "policy.yaml");
    await writeFile(join(sidecar.state, "run", "policy.json"), policyForSidecar(policy, "d0".repeat(32)));
    await sign();
  } finally {
    await sidecar.stop();
  }
});
