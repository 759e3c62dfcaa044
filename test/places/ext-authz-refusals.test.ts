import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runPostern } from "../harness/gateway.ts";

const policy = (top: string, route: string) => `
version: 1
mode: detect
${top}
routes:
  - { name: open, match: { path: /open }, public: true, ${route} }
`;
const issuer = `{ name: i, issuer: "https://i.example", audiences: [a], algorithms: [HS256, RS256], secret: { file: ./secret.txt }, jwks: { uri: "https://i.example/keys" } }`;
const beyond = [
  ["jwks\\.uri", policy(`identity: { issuers: [${issuer}] }`, "score: off")],
  ["revocation", policy("revocation: { maxAge: 1h }", "score: off")],
  ["ladder", policy("", "ladder: { floor: detect, ceiling: prevent }")],
  ["mode: adapt", policy("", "mode: adapt")],
] as const;

test("what only the filter's workers are told is refused by name when ext_authz is rendered", {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "beyond-"));
  try {
    await writeFile(join(folder, "secret.txt"), "0123456789abcdef0123456789abcdef");
    for (const [index, [name, text]] of beyond.entries()) {
      const path = join(folder, `${index}.yaml`);
      await writeFile(path, text);
      const flags = ["--target", "ext_authz", "--out", join(folder, "out")];
      const { output, ended } = runPostern(["render", path, ...flags]);
      assert.equal(await ended, 1, output());
      assert.match(output(), new RegExp(`${name} can't be used with ext_authz`));
    }
    assert.ok(!(await readdir(folder)).includes("out"), "nothing is written");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
