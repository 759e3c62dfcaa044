import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { FileWatch } from "../../inference-sidecar/src/file-watch.ts";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { fixedModule } from "../../scripts/gateway/filter-module.ts";
import { writePolicy } from "../../scripts/gateway/policy-force.ts";
import { watchPolicy } from "../../scripts/gateway/policy-watch.ts";
import { prepareState, type StateFolder, stateFolder } from "../../scripts/gateway/state.ts";
import { eventually } from "../harness/eventually.ts";
import { ec, jwk, keySet } from "../policy/policy-folder.ts";

const open = (path: string) => `version: 1
mode: prevent
routes:
  - { name: all, match: { path: ${path} }, public: true, score: off }
`;
const withKeys = (file: string) => `version: 1
mode: prevent
identity:
  issuers: [{ name: demo, issuer: "https://issuer.demo", audiences: [shop], algorithms: [ES256], jwks: { file: ${file} } }]
routes:
  - { name: all, match: { path: /** }, allow: [{ issuer: demo }], score: off }
`;

let folder = "";
let path = "";
let wasmFile = "";
let state: StateFolder;
let envoy: Server;
let watch: FileWatch;
let lines: string[] = [];
/** What the Envoy that is played here has taken, and whether it refuses whatever else comes. */
let taken = "";
let refuses = false;
let rejected = 0;
let last = "";

/** The answer of Envoy's admin page; each new content of the file is taken or refused once. */
async function stats(): Promise<string> {
  const content = await readFile(state.filterConfigFile, "utf8");
  if (content !== last) {
    last = content;
    if (refuses && version(content) !== taken) rejected += 1;
    else taken = version(content);
  }
  const name = "extension_config_discovery.http_filter.postern.";
  return `${name}config_fail: 0\n${name}update_rejected: ${rejected}\n${name}version_text: "${taken}"\n`;
}

function version(content: string): string {
  return (JSON.parse(content) as { version_info: string }).version_info;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "force-"));
  path = join(folder, "policy.yaml");
  state = stateFolder(join(folder, "state"));
  await prepareState(state);
  await writeFile(path, open("/one"));
  wasmFile = join(folder, "filter.wasm");
  await writeFile(wasmFile, "");
  [lines, refuses, rejected, last] = [[], false, 0, ""];
  const opened = await loadPolicy(path);
  await writePolicy(opened, wasmFile, state);
  envoy = createServer(async (_, response) => response.end(await stats()));
  await new Promise<void>((done) => envoy.listen(state.adminSocket, done));
  await stats();
  const modules = fixedModule(wasmFile);
  const start = { path, loaded: opened, module: await modules.current() };
  watch = watchPolicy(start, modules, state, (line) => lines.push(line), null);
});
afterEach(async () => {
  await watch.close();
  await new Promise((done) => envoy.close(done));
  await rm(folder, { recursive: true, force: true });
});

const said = (text: string) =>
  eventually(
    () => lines.join("\n"),
    (all) => all.includes(text),
  );

for (const file of ["jwks.json", "keys/of/demo/jwks.json"]) {
  test(`a policy is in force once the file that it names exists: ${file}`, async () => {
    await writeFile(path, withKeys(file));
    await said("the last good policy stays in force");
    await mkdir(join(folder, file, ".."), { recursive: true });
    await writeFile(join(folder, file), keySet(jwk(ec.publicKey)));
    await said("the changed policy is in force");
    assert.equal(lines.filter((line) => line.includes("file_unreadable")).length, 1, lines.join("\n"));
  });
}

test("a policy that is again what is in force is said to be valid, once", async () => {
  await writeFile(path, "version: 2\n");
  await said("the last good policy stays in force");
  await writeFile(path, open("/one"));
  await said("the policy is valid again, and in force as it was");
  await writeFile(path, `${open("/one")}# the same\n`);
  await writeFile(path, open("/two"));
  await said("the changed policy is in force");
  assert.equal(lines.filter((line) => line.includes("valid again")).length, 1, lines.join("\n"));
});

test("what the filter refuses does not stay where a restarted Envoy would read it", async () => {
  const good = await readFile(state.filterConfigFile, "utf8");
  refuses = true;
  await writeFile(path, open("/two"));
  await said("Envoy did not take the changed policy");
  assert.equal(await readFile(state.filterConfigFile, "utf8"), good);
});

test("what Envoy has already it is not given again, whatever was synced meanwhile: it would forget what it has verified", async () => {
  const before = await readFile(state.filterConfigFile, "utf8");
  await writeFile(state.syncStateFile, "synced");
  const operators = `operators: [{ name: ada, tokenSha256: ${"ab".repeat(32)} }]\n`;
  await writeFile(path, `${open("/one")}${operators}`);
  await eventually(
    () => readFile(state.sidecarPolicyFile, "utf8"),
    (told) => told.includes("ada"),
  );
  await eventually(
    () => lines.join("\n"),
    (text) => text.includes("is in force"),
  );
  assert.equal(await readFile(state.filterConfigFile, "utf8"), before);
});
