import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CoreRequest, type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

interface Encoding {
  readonly encode: (text: string) => string;
  /** Of a part of an encoded text, however its units lie in it: more than one answer where that can't be told. */
  readonly decode: (text: string) => string[];
  /** By how many characters on each side a unit may be larger than what it holds of a window. */
  readonly slack: number;
}

const hex = (point: number, digits: number) => point.toString(16).padStart(digits, "0");
const each = (encode: (point: number) => string) => (text: string) =>
  Array.from(text, (character) => encode(character.charCodeAt(0))).join("");
const back = (pattern: RegExp, radix: number) => (text: string) =>
  text.replace(pattern, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, radix)));
const percent = (text: string) =>
  text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const one = (decode: (text: string) => string) => (text: string) => [decode(text)];

/** Of texts in ASCII. */
const encodings: Record<string, Encoding> = {
  percent: { encode: encodeURIComponent, decode: one(percent), slack: 0 },
  percentAll: { encode: each((point) => `%${hex(point, 2)}`), decode: one(percent), slack: 0 },
  iisPercent: { encode: each((point) => `%u${hex(point, 4)}`), decode: one(back(/%u(\w{4})/g, 16)), slack: 0 },
  entity: { encode: each((point) => `&#${point};`), decode: one(back(/&#(\d+);/g, 10)), slack: 0 },
  hexEntity: { encode: each((point) => `&#x${hex(point, 2)};`), decode: one(back(/&#x(\w+);/g, 16)), slack: 0 },
  unicode: { encode: each((point) => `\\u${hex(point, 4)}`), decode: one(back(/\\u(\w{4})/g, 16)), slack: 0 },
  hex: { encode: each((point) => `\\x${hex(point, 2)}`), decode: one(back(/\\x(\w{2})/g, 16)), slack: 0 },
  base64: {
    encode: (text) => Buffer.from(text, "latin1").toString("base64"),
    decode: (text) => [0, 1, 2, 3].map((from) => Buffer.from(text.slice(from), "base64").toString("latin1")),
    slack: 2,
  },
};

/** Where a text may stand, and how what is cut out of it there is read. */
const places: Record<string, { request: (text: string) => CoreRequest; read: (raw: string) => string }> = {
  query: {
    request: (text) => ({
      method: "GET",
      path: `/a?b=c&q=${encodeURIComponent(text).replaceAll("%20", "+")}&d=e`,
      headers: [],
    }),
    read: (raw) => percent(raw.replaceAll("+", " ")),
  },
  segment: {
    request: (text) => ({ method: "GET", path: `/a/${encodeURIComponent(text)}/b`, headers: [] }),
    read: percent,
  },
  header: {
    request: (text) => ({ method: "GET", path: "/", headers: [["x-any", text]] }),
    read: (raw) => raw,
  },
  json: {
    request: (text) => body("application/json", JSON.stringify({ a: ["x\n", { b: text }] })),
    read: (raw) => JSON.parse(`"${raw}"`) as string,
  },
  xml: {
    request: (text) => body("text/xml", `<a><b>x</b><c><![CDATA[${text}]]></c></a>`),
    read: (raw) => raw,
  },
  part: {
    request: (text) => {
      const content = Buffer.from(text, "latin1").toString("base64");
      const headers = 'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64';
      return body("multipart/form-data; boundary=X", `--X\r\n${headers}\r\n\r\n${content}\r\n--X--\r\n`);
    },
    read: (raw) => Buffer.from(raw, "base64").toString("latin1"),
  },
  wide: {
    request: (text) => ({
      ...body("application/json; charset=utf-16le", ""),
      body: Buffer.from(JSON.stringify({ a: text }), "utf16le"),
    }),
    read: (raw) => JSON.parse(`"${Buffer.from(raw, "latin1").toString("utf16le")}"`) as string,
  },
};

function body(type: string, text: string): CoreRequest {
  return { method: "POST", path: "/", headers: [["content-type", type]], body: Buffer.from(text, "latin1") };
}

function componentOf(request: CoreRequest, component: CoreValue["component"]): string {
  const [path = "", query = ""] = (request.path ?? "").toString().split("?", 2);
  if (component === "path") return path;
  if (component === "query") return query;
  if (component === "body") return Buffer.from(request.body ?? []).toString("latin1");
  return request.headers.map(([, value]) => value.toString()).join("");
}

/** What the bytes `start` to `end` of `text`, wherever a form of a value is it, came from. */
function rawOf(request: CoreRequest, text: string, start: number, end: number): string {
  const [values = []] = core.values([request]);
  for (const [index, value] of values.entries()) {
    const form = value.forms.findIndex(({ bytes }) => Buffer.from(bytes).toString("latin1") === text);
    if (form < 0) continue;
    const [origin] = core.locate(request, [{ value: index, form, start, end }]);
    assert.ok(origin && origin.start >= value.start && origin.end <= value.end && origin.component === value.component);
    return componentOf(request, origin.component).slice(origin.start, origin.end);
  }
  throw new Error(`${text} is in no form`);
}

for (const [where, { request, read }] of Object.entries(places)) {
  test(`a window is led back through any nesting to the smallest range that holds it: ${where}`, () => {
    const text = "<b>' or 1=1 -- ../etc/passwd";
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.keys(encodings)), { maxLength: 3 }),
        fc.nat(text.length - 1),
        fc.integer({ min: 1, max: text.length }),
        (names, start, size) => {
          const nesting = names.map((name) => encodings[name] as Encoding);
          const encoded = nesting.reduce((inner, { encode }) => encode(inner), text);
          const asked = request(encoded);
          const window = text.slice(start, start + size);
          const raw = rawOf(asked, text, start, start + window.length);
          const decoded = nesting.reduceRight((texts, { decode }) => texts.flatMap(decode), [read(raw)]);
          const holding = decoded.filter((text) => text.includes(window));
          assert.ok(holding.length > 0, `${decoded} of ${raw} do not hold ${window}`);
          const slack = 2 * nesting.filter(({ slack }) => slack > 0).length + (where === "part" ? 2 : 0);
          const least = Math.min(...holding.map(({ length }) => length));
          assert.ok(least <= window.length + 2 * slack, `${holding} is more than ${window}`);
        },
      ),
      { numRuns: 400 },
    );
  });
}

const cases: [what: string, request: CoreRequest, text: string, window: string, raw: string][] = [
  ["comments and whitespace", body("text/plain", "a un/*x*/ion \t\r\n all"), "a un ion all", "n i", "n/*x*/i"],
  ["a run of whitespace", body("text/plain", "a un/*x*/ion \t\r\n all"), "a un ion all", "n a", "n \t\r\n a"],
  ["full-width", body("text/plain", "a \xef\xbc\x9cb"), "a <b", "<", "\xef\xbc\x9c"],
  ["compatibility", body("text/plain", "a \xf0\x9d\x93\xbeb"), "a ub", "u", "\xf0\x9d\x93\xbe"],
  [
    "signs that are not shown",
    body("text/plain", "a u\xe2\x80\x8b\xc2\xadnb"),
    "a unb",
    "un",
    "u\xe2\x80\x8b\xc2\xadn",
  ],
  ["marks of XML", body("text/plain", "a  u<!---->n<![CDATA[ion]]>"), "a union", "nio", "n<![CDATA[io"],
  ["hexadecimal digits", body("text/plain", "0x6120636174203c3c203d206220"), "a cat << = b ", "<<", "3c3c"],
  ["overlong", body("text/plain", "a \xc0\xaeb"), "a .b", ".b", "\xc0\xaeb"],
  ["base64 in lines", body("text/plain", "PHNj\r\ncmlw\r\ndD5h"), "<script>a", "scr", "PHNj\r\ncmlw"],
  ["a base64 token", body("text/plain", "'PHNjcmlwdD5hbGVydCgx' x"), "'<script>alert(1' x", "1' x", "dCgx' x"],
  [
    "text around a comment",
    body("text/xml", "<a>un<!-- --><![CDATA[ion]]> all</a>"),
    "union all",
    "nio",
    "n<!-- --><![CDATA[io",
  ],
  [
    "runs of text",
    body("image/png", `\0${`\0${"x".repeat(24)}`.repeat(17)}\0${"y".repeat(24)}`),
    `${"x".repeat(24)} ${"y".repeat(24)}`,
    "x y",
    "x\0y",
  ],
  ["duplicates", { method: "GET", path: "/?q=un%2f*&q=*/ion", headers: [] }, "un/*,*/ion", "*,*", "*&q=*"],
  ["UTF-16 in a value", { method: "GET", path: "/?q=%00a%00b%00c", headers: [] }, "abc", "bc", "b%00c"],
  [
    "an encoded word",
    body(
      "multipart/form-data; boundary=X",
      '--X\r\nContent-Disposition: form-data; name=a; filename="=?utf-8?q?a=3Cb?="\r\n\r\n\r\n--X--\r\n',
    ),
    "a<b",
    "<b",
    "=3Cb",
  ],
  [
    "what is left of a flood",
    { method: "GET", path: `/?${"a=bc&".repeat(600)}a=%3Cb%3E&a=x`, headers: [] },
    `${"bc\n".repeat(90)}<b>\nx`,
    "<b",
    "%3Cb",
  ],
  [
    "the decoded ones of a flood",
    { method: "GET", path: `/?${"a=bc&".repeat(600)}a=u%252fn&a=%2526lt;b&a=x`, headers: [] },
    "u/n\n<b",
    "/n\n<",
    "%252fn&a=%2526lt;",
  ],
  [
    "marks of XML among those of a flood",
    { method: "GET", path: `/?${"a=bc&".repeat(600)}a=u<!-->-->%20%20n&a=o<?x?>r&a=x`, headers: [] },
    "u n",
    "u n",
    "u<!-->-->%20%20n",
  ],
  [
    "one that was decoded twice among those of a flood",
    { method: "GET", path: `/?${"a=bc&".repeat(600)}a=u%252fn&a=%25%32%35%33%63b&a=x`, headers: [] },
    "<b",
    "<",
    "%25%32%35%33%63",
  ],
];

for (const [what, request, text, window, raw] of cases) {
  test(`led back exactly: ${what}`, () => {
    const start = text.indexOf(window);
    assert.equal(rawOf(request, text, start, start + window.length), raw);
  });
}
