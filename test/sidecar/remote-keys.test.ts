import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { IssuerKeys, type StoredKeys, type WireIssuerKeys } from "../../inference-sidecar/src/keys/issuer-keys.ts";
import { fetchKeySet } from "../../inference-sidecar/src/keys/key-fetch.ts";
import { fetchedKeys, RemoteKeys } from "../../inference-sidecar/src/keys/remote-keys.ts";
import type { KeyUse } from "../../inference-sidecar/src/policy/keys.ts";
import { eventually } from "../harness/eventually.ts";
import { type KeyServer, startKeyServer } from "../harness/key-server.ts";

const USE: KeyUse = { algorithms: ["RS256", "ES256"], svids: false };
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = (kid: string) => ({ ...ec.publicKey.export({ format: "jwk" }), kid });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
const setOf = (...keys: object[]) => JSON.stringify({ keys });

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "keys-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Follows the server; what was fetched and what failed is collected. */
function follow(server: KeyServer, egressDirectory: string | null = null, uri = server.uri) {
  const failures: string[] = [];
  const remote = new RemoteKeys({
    uri,
    refreshMs: 3_600_000,
    use: USE,
    egressDirectory,
    known: null,
    onFetched: async () => undefined,
    onFailed: ({ message }) => failures.push(message),
  });
  return { remote, failures, kids: () => remote.known?.keys.map(({ kid }) => kid).join() ?? null };
}

test("keys are fetched at once, and again for an unknown key, at most once in a cool-down", async () => {
  const server = await startKeyServer(setOf(jwk("a")));
  const { remote, kids } = follow(server);
  await remote.find("a");
  assert.equal(kids(), "a");
  server.jwks = setOf(jwk("a"), jwk("b"));
  const started = performance.now();
  await Promise.all(Array.from({ length: 50 }, (_, index) => remote.find(`unknown-${index}`)));
  assert.ok(performance.now() - started < 4_000, "nobody waits for the cool-down");
  assert.equal(server.fetches, 1);
  // The one look that the cool-down put off.
  await eventually(kids, (now) => now === "a,b");
  assert.equal(server.fetches, 2);
  remote.close();
  await server.stop();
});

test("a set is fetched again before it is too old, also where it may be no older than it is fetched", async () => {
  const server = await startKeyServer(setOf(jwk("a")));
  const published: (readonly WireIssuerKeys[])[] = [];
  const keys = new IssuerKeys({
    table: { get: () => undefined, put: async () => undefined },
    egressDirectory: null,
    publish: async (known) => void published.push(known),
    onAttempt: () => undefined,
  });
  const keySource = { uri: server.uri, refreshMs: 3_000, maxAgeMs: 3_000 };
  const issuer = { name: "shop", algorithms: ["ES256"], trustDomain: null, keySource };
  try {
    await keys.follow({ policy: { issuers: [issuer] } } as never);
    await eventually(
      () => published.length,
      (count) => count === 3,
    );
    const [, first, second] = published.map(([known]) => known?.fetchedUnixMs ?? 0);
    const between = Number(second) - Number(first);
    assert.ok(between < keySource.maxAgeMs, `${between} ms`);
  } finally {
    keys.close();
    await server.stop();
  }
});

test("where only the time between fetches changes, the keys are there while the issuer is away", async () => {
  const server = await startKeyServer(setOf(jwk("a")));
  const stored = new Map<string, StoredKeys>();
  const published: (readonly WireIssuerKeys[])[] = [];
  const attempts: string[] = [];
  const keys = new IssuerKeys({
    table: { get: (source) => stored.get(source), put: async (source, set) => stored.set(source, set) },
    egressDirectory: null,
    publish: async (known) => void published.push(known),
    onAttempt: (_issuer, outcome) => attempts.push(outcome),
  });
  const kids = () => published.at(-1)?.flatMap((issuer) => issuer.keys.map(({ kid }) => kid)) ?? [];
  const follow = (refreshMs: number, algorithms = ["ES256"]) => {
    const keySource = { uri: server.uri, refreshMs, maxAgeMs: 86_400_000 };
    const issuer = { name: "shop", algorithms, trustDomain: null, keySource };
    return keys.follow({ policy: { issuers: [issuer] } } as never);
  };
  try {
    await follow(300_000);
    await eventually(
      () => stored.size,
      (size) => size === 1,
    );
    server.jwks = null;
    await follow(60_000);
    assert.deepEqual(kids(), ["a"]);
    await eventually(
      () => attempts,
      ([first, second]) => first === "fetched" && second === "answer",
    );
    await follow(60_000, ["ES256", "RS256"]);
    assert.deepEqual(kids(), [], "what they are read for has changed");
  } finally {
    keys.close();
    await server.stop();
  }
});

test("keys are told with where they come from, and no more once the policy names another place", async () => {
  const [former, next] = [await startKeyServer(setOf(jwk("a"))), await startKeyServer(null)];
  const published: (readonly WireIssuerKeys[])[] = [];
  const keys = new IssuerKeys({
    table: { get: () => undefined, put: async () => undefined },
    egressDirectory: null,
    publish: async (known) => void published.push(known),
    onAttempt: () => undefined,
  });
  const follow = (uri: string) => {
    const keySource = { uri, refreshMs: 300_000, maxAgeMs: 86_400_000 };
    return keys.follow({
      policy: { issuers: [{ name: "shop", algorithms: ["ES256"], trustDomain: null, keySource }] },
    } as never);
  };
  try {
    await follow(former.uri);
    await eventually(
      () => published.at(-1)?.length,
      (issuers) => issuers === 1,
    );
    assert.equal(published.at(-1)?.[0]?.uri, former.uri);
    await follow(next.uri);
    assert.deepEqual(published.at(-1), []);
    next.jwks = setOf(jwk("b"));
    const [issuer] = await eventually(
      () => published.at(-1) ?? [],
      (issuers) => issuers.length === 1,
    );
    assert.deepEqual([issuer?.uri, issuer?.keys.map(({ kid }) => kid)], [next.uri, ["b"]]);
  } finally {
    keys.close();
    await former.stop();
    await next.stop();
  }
});

test("an issuer that is away, or gives what can't be used, leaves the last set", async () => {
  const server = await startKeyServer(null);
  const { remote, failures, kids } = follow(server);
  await remote.find("a");
  assert.equal(kids(), null);
  assert.equal(failures.length, 1);
  remote.close();
  await server.stop();
});

test("while there is no key, an issuer that was away is asked again after a quarter of a second, then ever later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  // The cool-down is never over, so that to look for a key is to wait for an attempt that is under way, and no more.
  const clock = mock.method(performance, "now", () => 0);
  const server = await startKeyServer(null);
  const { remote, failures, kids } = follow(server);
  try {
    await remote.find("a");
    for (const [index, wait] of [250, 500, 1000].entries()) {
      mock.timers.tick(wait - 1);
      await remote.find("a");
      assert.equal(failures.length, index + 1, `not before ${wait} ms, whoever asks`);
      mock.timers.tick(1);
      await remote.find("a");
      assert.equal(failures.length, index + 2, `after ${wait} ms`);
    }
    for (let failed = 4; failed < 14; failed++) {
      mock.timers.tick(Math.min(250 * 2 ** (failed - 1), 300_000));
      await remote.find("a");
      assert.equal(failures.length, failed + 1, "never later than five minutes, however long it was away");
    }
    server.jwks = setOf(jwk("a"));
    mock.timers.tick(300_000);
    await remote.find("a");
    assert.equal(kids(), "a");
  } finally {
    mock.timers.reset();
    clock.mock.restore();
    remote.close();
    await server.stop();
  }
});

describe("what is no usable key set", () => {
  const cases: [string, unknown, RegExp][] = [
    ["a weak key alone", { keys: [weak] }, /1024 bits/],
    ["a private key", { keys: [ec.privateKey.export({ format: "jwk" })] }, /private/],
    ["a shared secret", { keys: [jwk("a"), { kty: "oct", k: "c2VjcmV0" }] }, /private or secret/],
    ["no key", { keys: [] }, /not a JSON Web Key Set/],
    ["keys for something else only", { keys: [{ ...jwk("a"), use: "enc" }] }, /no key for/],
    ["no set", {}, /not a JSON Web Key Set/],
  ];
  for (const [name, set, message] of cases) test(name, () => assert.throws(() => fetchedKeys(set, USE), message));

  test("but keys that are unknown, weak or broken are left out (RFC 7517, section 5)", () => {
    const unknown = { kty: "AKP", alg: "ML-DSA-44", pub: "AA" };
    const keys = fetchedKeys({ keys: [unknown, weak, { ...jwk("b"), x: "AA" }, "text", jwk("a"), jwk("a")] }, USE);
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ["a"],
    );
  });
});

test("a clock that was set, or went on while the machine slept, has a known key fetched again", async () => {
  const server = await startKeyServer(setOf(jwk("a")));
  const { remote } = follow(server);
  await remote.find("a");
  const [date, time] = [Date.now(), performance.now()];
  const clocks = { date: mock.method(Date, "now", () => date), time: mock.method(performance, "now", () => time) };
  try {
    for (const [index, hours] of [3, -3].entries()) {
      clocks.date.mock.mockImplementation(() => date + hours * 3_600_000);
      clocks.time.mock.mockImplementation(() => time + (index + 1) * 6_000);
      for (let ask = 0; ask < 2; ask++) await remote.find("a");
      assert.equal(server.fetches, index + 2);
      assert.equal(remote.known?.fetchedMs, Date.now());
    }
  } finally {
    clocks.date.mock.restore();
    clocks.time.mock.restore();
    remote.close();
    await server.stop();
  }
});

test("over a Unix socket for the host, as in a container without a network", async () => {
  const server = await startKeyServer(setOf(jwk("far")), { socketPath: join(folder, "issuer.example_80.sock") });
  // Plain HTTP is for the loopback only, which the policy's check sees to; here it saves a certificate.
  const { remote, kids } = follow(server, folder, "http://issuer.example/jwks");
  await remote.find("far");
  assert.equal(kids(), "far");
  remote.close();
  await server.stop();
});

describe("an answer that can't be used", () => {
  const cases: [string, RequestListener, RegExp | number][] = [
    ["without end", (_, response) => void response.write("x".repeat(300_000)), /more than/],
    [
      "a redirect, which is not followed",
      (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
      302,
    ],
    [
      "a switch of protocols, which is none",
      (_, response) => response.writeHead(101, { connection: "upgrade", upgrade: "h2c" }).end(),
      /no answer/,
    ],
  ];
  for (const [name, listener, expected] of cases) {
    test(name, async () => {
      const path = join(folder, "big.example_80.sock");
      const server = createServer(listener);
      await new Promise<void>((done) => server.listen(path, done));
      const answer = fetchKeySet(new URL("http://big.example/"), {
        egressDirectory: folder,
        signal: new AbortController().signal,
      });
      if (typeof expected === "number") assert.equal((await answer).status, expected);
      else await assert.rejects(answer, expected);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
  }
});
