import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { loadEncodings } from "./encoding.ts";

let encodings: Awaited<ReturnType<typeof loadEncodings>>;

before(async () => {
  encodings = await loadEncodings();
});

const BASE64URL = /^[A-Za-z0-9_-]*$/;

test("base64url: exactly the texts that Node would write", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64url");
      assert.deepEqual(encodings.decodeBase64Url(Buffer.from(text)), Buffer.from(bytes));
    }),
  );
  const nearly = fc.string({
    unit: fc.constantFrom("A", "z", "0", "-", "_", "+", "/", "=", " ", "\n", "\0", "é"),
    maxLength: 12,
  });
  fc.assert(
    fc.property(nearly, (text) => {
      const canonical = BASE64URL.test(text) && Buffer.from(text, "base64url").toString("base64url") === text;
      assert.equal(encodings.decodeBase64Url(Buffer.from(text)) !== null, canonical, text);
    }),
    { numRuns: 5000 },
  );
});

describe("base64 as decoders in the field take it", () => {
  test("either alphabet, with padding or without", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const expected = Buffer.from(bytes);
        const padded = expected.toString("base64");
        const url = expected.toString("base64url");
        for (const text of [padded, padded.replace(/=+$/, ""), url, url + padded.slice(url.length)]) {
          assert.deepEqual(encodings.decodeBase64(Buffer.from(text)), expected);
        }
      }),
    );
  });

  const cases: [string, string | null][] = [
    ["", ""],
    ["YQ==", "a"],
    ["YR==", "a"],
    ["YWI=", "ab"],
    ["-_+/", "\xfb\xff\xbf"],
    ["YQ=", null],
    ["YQ===", null],
    ["Y", null],
    ["=", null],
    ["==", null],
    ["====", null],
    ["A===", null],
    ["YQ==YQ==", null],
    ["YW I=", null],
    ["YWI=\n", null],
    ["YW.I", null],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => {
      const bytes = encodings.decodeBase64(Buffer.from(text));
      assert.equal(bytes === null ? null : bytes.toString("latin1"), expected);
    });
  }

  test("no bytes trap", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        encodings.decodeBase64(bytes);
        encodings.decodeBase64Url(bytes);
      }),
    );
  });
});

test("hexadecimal agrees with Node", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(encodings.encodeHex(bytes).toString(), Buffer.from(bytes).toString("hex"));
    }),
  );
  for (let byte = 0; byte < 256; byte++) {
    const value = /^[0-9a-f]$/i.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : -1;
    assert.equal(encodings.hexDigit(byte), value);
  }
});
