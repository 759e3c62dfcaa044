import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const ATTACK = "1' UNION SELECT password FROM users /*";
const JUNK = Buffer.from("818283".repeat(15), "hex");
/** Its base64 has slashes, between which a piece is text. */
const SLASHES = Buffer.from("e9a37f02ff".repeat(9), "hex");
const mixed = (junk: Buffer) => Buffer.concat([Buffer.from(ATTACK), junk, Buffer.from("*/-- -")]);
const MIXED = mixed(JUNK);

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
