import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { UsageError } from "../../scripts/commands/usage-error.ts";
import { chooseAddress, formatAddress, parseAddress } from "../../scripts/gateway/ports.ts";

let server: Server;
let taken = 0;

before(async () => {
  server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  taken = (server.address() as AddressInfo).port;
});
after(() => server.close());

test("a default port that is taken is replaced by a free one, which is said", async () => {
  const said: string[] = [];
  const chosen = await chooseAddress("--listen", null, { host: "127.0.0.1", port: taken }, (line) => said.push(line));
  assert.notEqual(chosen.port, taken);
  assert.ok(chosen.port > 0);
  assert.match(said.join("\n"), new RegExp(`127\\.0\\.0\\.1:${taken} is taken: using 127\\.0\\.0\\.1:${chosen.port}`));
});

test("a default port leaves room for an address that was given to something else, listening or not", async () => {
  const [any, unsaid] = [{ host: "127.0.0.1", port: 0 }, () => {}];
  const fallback = await chooseAddress("--listen", null, any, unsaid);
  const chosen = await chooseAddress("--dashboard", null, fallback, unsaid, { host: "0.0.0.0", port: fallback.port });
  assert.notEqual(chosen.port, fallback.port);
});

test("an address that was given and is taken is an error that says what to do", async () => {
  const given = { host: "127.0.0.1", port: taken };
  await assert.rejects(
    chooseAddress("--listen", given, { host: "127.0.0.1", port: 0 }, () => {}),
    /--listen 127\.0\.0\.1:\d+ is taken by another process\. Give another address with --listen/,
  );
  await assert.rejects(
    chooseAddress("--dashboard", { host: "192.0.2.1", port: 9191 }, given, () => {}),
    /is not an address of this machine/,
  );
});

test("port 0 is any free port, and nothing is said of it", async () => {
  const said: string[] = [];
  const any = { host: "127.0.0.1", port: 0 };
  const chosen = await chooseAddress("--listen", any, any, (line) => said.push(line));
  assert.ok(chosen.port > 0);
  assert.deepEqual(said, []);
});

test("addresses are read as they are written", () => {
  assert.deepEqual(parseAddress("127.0.0.1:8080", "--listen"), { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(parseAddress("[::1]:8080", "--listen"), { host: "::1", port: 8080 });
  assert.equal(formatAddress({ host: "::1", port: 8080 }), "[::1]:8080");
  for (const wrong of [
    "8080",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "::1:8080",
    ":8080",
    "a:b:1",
    "localhost:8080",
    "127.1:80",
    "[1.2.3.4]:80",
    "",
  ]) {
    assert.throws(() => parseAddress(wrong, "--listen"), UsageError, wrong);
  }
});
