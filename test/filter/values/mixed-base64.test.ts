import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../../inference-sidecar/src/policy/load.ts";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const ATTACK = "1' UNION SELECT password FROM users /*";
const JUNK = Buffer.from("818283".repeat(15), "hex");
/** Its base64 has slashes, between which a piece is text. */
const SLASHES = Buffer.from("e9a37f02ff".repeat(9), "hex");
const mixed = (junk: Buffer) => Buffer.concat([Buffer.from(ATTACK), junk, Buffer.from("*/-- -")]);
const MIXED = mixed(JUNK);

const { policy } = await parsePolicy(
  "version: 1\nmode: prevent\nroutes:\n  - { name: all, match: { path: /** }, public: true }\n",
  "policy.yaml",
);
const gate = core.openGate(compilePolicy(policy).blob);

function reasonOf(path: string): string {
  const request = { method: "GET", authority: "shop.example", path, headers: [], at: Date.now() };
  const { verdict, question } = gate.evaluate(request);
  const none = { millionths: 0, attackClass: "benign" } as const;
  return (question?.answer(question.findings.map(() => none)).verdict ?? verdict).reason;
}

/** Of what is judged of a JSON body whose one string is `text`. */
function formsOf(text: string) {
  const body = Buffer.from(JSON.stringify({ data: text }));
  const headers = [["content-type", "application/json"]] as const;
  const [values = []] = core.values([{ method: "POST", path: "/", headers, body }]);
  return values.flatMap(({ label, forms }) =>
    forms.map(({ bytes, decodings }) => ({ label, decodings, text: Buffer.from(bytes).toString("latin1") })),
  );
}

test("base64 of a text beside which stands much that is none is judged, with a placeholder for each byte of that", () => {
  const text = `${ATTACK}${"_".repeat(JUNK.length)}*/-- -`;
  for (const digits of [
    MIXED.toString("base64"),
    mixed(SLASHES).toString("base64"),
    mixed(SLASHES).toString("base64url"),
    MIXED.toString("base64").replace(/.{76}/g, "$&\r\n"),
    `data:image/png;base64,${MIXED.toString("base64")}`,
    encodeURIComponent(MIXED.toString("base64")),
  ]) {
    const found = formsOf(digits).find((form) => form.text === text);
    assert.equal(found?.label, "json:/data", digits);
    assert.equal(found?.decodings.at(-1), "base64");
  }
});

test("binary formats, which hold a NUL, and what has no text in a row stay what they are", () => {
  for (const content of [
    Buffer.concat([MIXED, Buffer.alloc(1)]),
    Buffer.concat([Buffer.from("1' OR 1=1"), JUNK, Buffer.from(ATTACK.slice(0, 20)), JUNK]),
  ]) {
    const digits = content.toString("base64");
    assert.ok(formsOf(digits).every(({ text }) => text === digits));
  }
});

test("what is read counts with what is inflated of other values against the bound of a head", () => {
  const mixed = Buffer.concat([Buffer.from("this is an ordinary text"), JUNK]).toString("base64url");
  const packed = gzipSync("a".repeat(64 * 1024)).toString("base64url");
  assert.equal(reasonOf(`/?a=${mixed}`), "permitted");
  assert.equal(reasonOf(`/?a=${packed}&b=${mixed}`), "body_too_large");
});
