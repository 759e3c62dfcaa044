import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const MAX_ROUNDS = 4;

function formsOf(payload: Uint8Array) {
  return core.forms([payload])[0] ?? [];
}

const hex = (point: number, digits: number) => point.toString(16).padStart(digits, "0");
const everyByte = (text: string, encode: (byte: number) => string) => [...Buffer.from(text)].map(encode).join("");
const everyUnit = (text: string, encode: (unit: number) => string) =>
  text
    .split("")
    .map((unit) => encode(unit.charCodeAt(0)))
    .join("");
const everyPoint = (text: string, encode: (point: number) => string) =>
  Array.from(text, (character) => encode(character.codePointAt(0) ?? 0)).join("");

/** Encodings of an ASCII text. Base64 lies alone in its value, so it may stand anywhere in a nesting. */
const encodings: Record<string, (text: string) => string> = {
  percent: encodeURIComponent,
  percentAll: (text) => everyByte(text, (byte) => `%${hex(byte, 2)}`),
  iisPercent: (text) => everyUnit(text, (unit) => `%u${hex(unit, 4)}`),
  decimalEntity: (text) => everyPoint(text, (point) => `&#${point};`),
  hexEntity: (text) => everyPoint(text, (point) => `&#x${hex(point, 2)};`),
  namedEntity: (text) =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;"),
  unicodeEscape: (text) => everyUnit(text, (unit) => `\\u${hex(unit, 4)}`),
  hexEscape: (text) => everyByte(text, (byte) => `\\x${hex(byte, 2)}`),
  octalEscape: (text) =>
    text.replace(/[ -~]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`),
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  invisible: (text) => Array.from(text).join("\u200b"),
  mathematical: (text) =>
    text
      .replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0x1d3b9))
      .replace(/[0-9]/g, (digit) => String.fromCodePoint(digit.charCodeAt(0) + 0x1d79e)),
  // Of ASCII alone: other bytes are what digests have.
  hexadecimal: (text) => (/^[ -~]{12,}$/.test(text) ? Buffer.from(text).toString("hex") : text),
  fullWidth: (text) => text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)),
};

test("an attack is found under any nesting of encodings as deep as the rounds", () => {
  const attacks = [
    "<script>alert(1)</script>",
    "' or 1=1 -- x",
    "../../../etc/passwd",
    "$\u007bjndi:ldap://h.test/a}",
    "; cat /etc/passwd |",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...attacks),
      fc.array(fc.constantFrom(...Object.keys(encodings)), { maxLength: MAX_ROUNDS }),
      (attack, nesting) => {
        const payload = nesting.reduce((text, name) => encodings[name]?.(text) ?? text, attack);
        const found = formsOf(Buffer.from(payload)).some(({ bytes }) => Buffer.from(attack).equals(bytes));
        assert.ok(found, `${attack} is hidden by ${nesting.join(", ")}`);
      },
    ),
    { numRuns: 3000 },
  );
});

test("text without special characters has one form", () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9'".:;!?()<>=#$@^*~|{}-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
      const text = `${words.join(" ")}.`;
      fc.pre(!/<[!?]/.test(text));
      assert.equal(formsOf(Buffer.from(text)).length, 1, text);
    }),
  );
});

const isAscii = (text: string) => /^[ -~]$/.test(text);
/** Those that a decoder takes for one of ASCII, or for nothing. */
const stands = (point: number) => {
  const character = String.fromCodePoint(point);
  // Where a letter of mathematics is missing in its alphabet, since it had been there before, it is taken for that letter.
  return isAscii(character.normalize("NFKC")) || /[\p{Default_Ignorable_Code_Point}\p{Cn}]/u.test(character);
};

test("well-formed UTF-8 without ASCII and what stands for it has one form", () => {
  const character = fc
    .integer({ min: 0xa0, max: 0x1ffff })
    .filter((point) => (point < 0xd800 || point > 0xdfff) && !stands(point));
  fc.assert(
    fc.property(fc.array(character, { minLength: 1, maxLength: 40 }), (points) => {
      assert.equal(formsOf(Buffer.from(String.fromCodePoint(...points))).length, 1);
    }),
  );
});

test("every character whose compatibility form is one of ASCII is read as that", () => {
  const points = Array.from({ length: 0x1ffff - 0xa0 }, (_, index) => 0xa0 + index);
  const compatible = points
    .map((point) => String.fromCodePoint(point))
    .filter((character) => isAscii(character.normalize("NFKC")));
  assert.ok(compatible.length > 1000);
  for (const around of ["", "-".repeat(32)]) {
    // In a value that has another one: by themselves spaces and those of Latin-1 are prose.
    const read = core
      .forms(compatible.map((character) => Buffer.from(`${around}ⓐ${character}b${around}`)))
      .map((forms) => Buffer.from(forms.at(-1)?.bytes ?? []).toString());
    const missed = compatible.filter(
      (character, index) => read[index] !== `${around}a${character.normalize("NFKC")}b${around}`,
    );
    // Letters of phonetics: no value is made of them.
    assert.equal(missed.join(""), "\u2c7c\u2c7d\ua7f1\ua7f2\ua7f3\ua7f4\u{107a5}");
  }
});

test("every character that is not shown is taken out of a word", () => {
  const hidden = Array.from({ length: 0xe1000 - 0xa0 }, (_, index) => 0xa0 + index)
    .filter((point) => point < 0xd800 || point > 0xdfff)
    .map((point) => String.fromCodePoint(point))
    .filter((character) => /\p{Default_Ignorable_Code_Point}/u.test(character));
  assert.ok(hidden.length > 4_000);
  // Of a long value sixteen bytes are looked at at once, of what is left one.
  for (const around of ["", "a".repeat(32)]) {
    const read = core
      .forms(hidden.map((character) => Buffer.from(`${around}ale${character}rt${around}`)))
      .map((forms) => Buffer.from(forms.at(-1)?.bytes ?? []).toString());
    assert.deepEqual(
      hidden.filter((_, index) => read[index] !== `${around}alert${around}`),
      [],
    );
  }
});

test("random hexadecimal, UUIDs and digits have one form", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uuid(), fc.stringMatching(/^[0-9a-f]{8,64}$/), fc.stringMatching(/^[0-9]{1,40}$/)),
      (text) => {
        assert.equal(formsOf(Buffer.from(text)).length, 1, text);
      },
    ),
    // One whose bytes would be text, found by chance.
    { numRuns: 2000, examples: [["a8aaa8aa44a0aac0a0000a"]] },
  );
});

test("random tokens seldom look like base64 of text", () => {
  const tokens = fc.sample(fc.stringMatching(/^[A-Za-z0-9_-]{11,48}$/), { numRuns: 20_000, seed: 7 });
  const mistaken = core.forms(tokens.map((token) => Buffer.from(token))).filter((forms) => forms.length > 1);
  assert.ok(mistaken.length <= 20, `${mistaken.length} of ${tokens.length}`);
});

test("every form but the folded one is shorter than the one before, and the first is the payload", () => {
  const syntax = fc.constantFrom(
    ..."%&#;x\\u0123abcdef{}/*!+=,\r\n\t",
    "%25",
    "&#60;",
    "\\u003c",
    "/**/",
    "base64,",
    "\xc0\xaf",
  );
  fc.assert(
    fc.property(fc.array(syntax, { maxLength: 60 }), (parts) => {
      const payload = Buffer.from(parts.join(""), "latin1");
      const forms = formsOf(payload);
      assert.deepEqual(Buffer.from(forms[0]?.bytes ?? []), payload);
      for (const [index, form] of forms.slice(1).entries()) {
        const before = forms[index];
        const folded = form.decodings.at(-1) === "whitespace";
        assert.ok(before && (folded || form.bytes.length < before.bytes.length));
        assert.ok(form.decodings.length > before.decodings.length);
      }
    }),
    { numRuns: 2000 },
  );
});

test("every value's range lies in its component, whatever the request", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const header = fc.tuple(fc.constantFrom("cookie", "referer", "user-agent", "accept", "x-any"), bytes);
  const contentType = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "");
  fc.assert(
    fc.property(bytes, fc.array(header, { maxLength: 6 }), contentType, bytes, (path, headers, type, body) => {
      const request = { method: "POST", path, headers: [...headers, ["content-type", type] as const], body };
      const mark = path.indexOf(0x3f);
      const longest = Math.max(0, type.length, ...headers.map(([, value]) => value.length));
      const sizes = {
        path: mark < 0 ? path.length : mark,
        query: mark < 0 ? 0 : path.length - mark - 1,
        header: longest,
        body: body.length,
      };
      for (const { component, start, end, forms } of core.values([request])[0] ?? []) {
        assert.ok(start >= 0 && start < end && end <= sizes[component], `${component} ${start} to ${end}`);
        assert.ok(forms.length >= 1);
      }
    }),
  );
});
