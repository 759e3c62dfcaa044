import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { loadEncodings } from "./encoding.ts";

/** Codes of JsonToken, in order. */
const KINDS = [
  "Error",
  "End",
  "BeginObject",
  "EndObject",
  "BeginArray",
  "EndArray",
  "Name",
  "String",
  "Number",
  "True",
  "False",
  "Null",
] as const;
type Kind = (typeof KINDS)[number];
interface Token {
  kind: Kind;
  depth: number;
  text: Buffer;
}

let encodings: Awaited<ReturnType<typeof loadEncodings>>;

before(async () => {
  encodings = await loadEncodings();
});

function read(text: string | Uint8Array): Token[] {
  const bytes = encodings.tokens(Buffer.from(text as string));
  const tokens: Token[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = KINDS[bytes.readUInt8(at)];
    assert.ok(kind !== undefined);
    const length = bytes.readUInt32LE(at + 2);
    tokens.push({ kind, depth: bytes.readUInt8(at + 1), text: bytes.subarray(at + 6, at + 6 + length) });
    at += 6 + length;
  }
  return tokens;
}

/** What the tokens stand for; the text was accepted. */
function build(tokens: Token[]): unknown {
  const token = tokens.shift();
  switch (token?.kind) {
    case "BeginObject": {
      const members: [string, unknown][] = [];
      while (tokens[0]?.kind === "Name") members.push([tokens.shift()?.text.toString() ?? "", build(tokens)]);
      assert.equal(tokens.shift()?.kind, "EndObject");
      return Object.fromEntries(members);
    }
    case "BeginArray": {
      const elements: unknown[] = [];
      while (tokens[0]?.kind !== "EndArray") elements.push(build(tokens));
      tokens.shift();
      return elements;
    }
    case "String":
      return token.text.toString();
    case "Number":
      return Number(token.text.toString());
    case "True":
      return true;
    case "False":
      return false;
    default:
      assert.equal(token?.kind, "Null");
      return null;
  }
}

const accepts = (text: string | Uint8Array) => read(text).at(-1)?.kind === "End";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Well-formed strings: no lone surrogates, which UTF-8 can't hold. */
const text = fc.string({ unit: "binary" });
const shallow = fc.jsonValue({ maxDepth: 6, stringUnit: "binary" });

test("what JSON.stringify writes is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(shallow, fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
      const json = JSON.stringify(value, undefined, indent);
      assert.deepEqual(build(read(json)), JSON.parse(json));
      assert.ok(encodings.skips(Buffer.from(json)));
    }),
    { numRuns: 2000 },
  );
});

test("valid if and only if JSON.parse takes it", () => {
  const pieces = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "1",
    "-",
    "+",
    ".",
    "e",
    "E",
    "true",
    "false",
    "null",
    "nul",
  ];
  const more = [
    " ",
    "\n",
    "\t",
    "\r",
    "\v",
    "\u00a0",
    "\ufeff",
    "a",
    '"a"',
    "\\u00e9",
    "\\ud800",
    "\\x",
    "\0",
    "\x1f",
    "\x7f",
    "/",
    "é",
  ];
  const soup = fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 8 }).map((parts) => parts.join(""));
  const edited = fc
    .tuple(shallow, fc.nat(), fc.nat(2), fc.constantFrom(...pieces, ...more))
    .map(([value, at, cut, piece]) => {
      const json = JSON.stringify(value);
      const position = at % (json.length + 1);
      return json.slice(0, position) + piece + json.slice(position + cut);
    });
  fc.assert(
    fc.property(fc.oneof(soup, edited), (json) => {
      // A cut between the halves of a surrogate pair leaves what UTF-8 can't hold: other text than was given.
      const asRead = Buffer.from(json).toString();
      assert.equal(accepts(asRead), parses(asRead), asRead);
    }),
    { numRuns: 20_000 },
  );
});

test("numbers: valid if and only if JSON.parse takes them, and given as they were written", () => {
  const soup = fc.string({ unit: fc.constantFrom(..."01239-+.eE"), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(soup, (number) => {
      const tokens = read(number);
      assert.equal(tokens.at(-1)?.kind === "End", parses(number), number);
      if (parses(number)) assert.equal(tokens[0]?.text.toString(), number);
    }),
    { numRuns: 10_000 },
  );
});

test("names and strings come unescaped", () => {
  const escapeAll = (value: string) =>
    Array.from(
      { length: value.length },
      (_, index) => `\\u${value.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join("");
  fc.assert(
    fc.property(text, text, (name, value) => {
      const tokens = read(`{"${escapeAll(name)}":"${escapeAll(value)}"}`);
      assert.deepEqual(
        tokens.map(({ kind }) => kind),
        ["BeginObject", "Name", "String", "EndObject", "End"],
      );
      assert.equal(tokens[1]?.text.toString(), name);
      assert.equal(tokens[2]?.text.toString(), value);
    }),
  );
  assert.equal(read('"\\"\\\\\\/\\b\\f\\n\\r\\t\\uD83D\\uDE00"')[0]?.text.toString(), '"\\/\b\f\n\r\t😀');
});

test("escaped lone surrogates stay apart from each other and from U+FFFD", () => {
  const forms = ["\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800", "\\ufffd", "\\ud800x", "\\ud83d\\u0041"];
  const texts = forms.map((form) => read(`"${form}"`)[0]?.text.toString("hex"));
  assert.equal(new Set(texts).size, forms.length);
  assert.deepEqual(texts.slice(0, 4), ["eda080", "edbfbf", "eda080eda080", "edb080eda080"]);
  assert.equal(texts.at(-1), "eda0bd41");
});

test("any bytes: ends, never traps, and an error stays one", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }).map((tail) => Buffer.concat([Buffer.from('{"a":["'), tail])),
  );
  fc.assert(
    fc.property(bytes, (source) => {
      const tokens = read(source);
      assert.ok(tokens.length <= source.length + 1);
      assert.equal(encodings.skips(Buffer.from(source)), tokens.at(-1)?.kind === "End");
    }),
    { numRuns: 5000 },
  );
});

describe("depth", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  test("64 is taken, 65 is an error, 100,000 costs nothing", () => {
    assert.equal(accepts(nested(64)), true);
    assert.equal(accepts(nested(65)), false);
    assert.equal(accepts('{"a":'.repeat(65)), false);
    assert.equal(read(nested(100_000)).length, 65);
  });

  test("is told with each token", () => {
    const depths = read('{"a":[1,{"b":2}]}').map(({ kind, depth }) => `${kind} ${depth}`);
    assert.deepEqual(depths, [
      "BeginObject 1",
      "Name 1",
      "BeginArray 2",
      "Number 2",
      "BeginObject 3",
      "Name 3",
      "Number 3",
      "EndObject 2",
      "EndArray 1",
      "EndObject 0",
      "End 0",
    ]);
  });

  test("brackets of one kind do not close those of the other", () => {
    for (const json of ["[}", "{]", '[{"a":1]}', '{"a":[}]', "]", "}"]) assert.equal(accepts(json), false, json);
  });
});
