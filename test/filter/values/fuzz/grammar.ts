import type { Random } from "../../../harness/random.ts";

/** What attacks and texts are made of. */
const leaves = [
  "<script>alert(1)</script>",
  "' or 1=1 -- x",
  "../../etc/passwd",
  "it's 100% fine & dandy",
  "un/**/ion /*!50000select*/",
  "a\r\n b\t\t c",
  "\xc0\xae\xc0\xae/",
  "\xef\xbc\x9cb\xef\xbc\x9e",
  "x\0y\0z\0\0",
  "",
  "0",
] as const;

const each = (encode: (point: number) => string) => (text: string) =>
  Array.from(text, (character) => encode(character.charCodeAt(0) & 0xff)).join("");
const hex = (point: number, digits: number) => point.toString(16).padStart(digits, "0");
const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");

/** A character stands for a byte. */
const encodings: ((text: string) => string)[] = [
  each((point) => `%${hex(point, 2)}`),
  each((point) => `%u${hex(point, 4)}`),
  each((point) => `&#${point};`),
  each((point) => `&#x${hex(point, 2)}`),
  each((point) => `\\u${hex(point, 4)}`),
  each((point) => `\\x${hex(point, 2)}`),
  each((point) => `\\${point.toString(8).padStart(3, "0")}`),
  each((point) => `${String.fromCharCode(point)}\0`),
  each((point) => `\0${String.fromCharCode(point)}`),
  base64,
  (text) => base64(text).replace(/(.{8})/g, "$1\r\n"),
  (text) => `data:text/html;base64,${base64(text)}`,
  (text) => `'${base64(text)}' x`,
  (text) => `=?utf-8?b?${base64(text)}?=`,
];

/** A text around others, as one of the containers of a body or a value. */
const containers: ((texts: readonly string[]) => string)[] = [
  (texts) => JSON.stringify({ query: texts[0], list: texts, [texts[1] ?? ""]: { a: texts } }),
  (texts) => texts.map((text) => JSON.stringify({ a: text })).join("\n"),
  (texts) => `{a:'${texts.join("',/* it's */b:'")}',}`,
  (texts) => texts.map((text, index) => `a${index % 2}=${text}`).join("&"),
  (texts) => texts.map((text) => `a;b=${text};c`).join("/"),
  (texts) => `<a b="${texts[0]}">${texts.join("<!-- x --><![CDATA[]]>")}</a>`,
  (texts) => `query { a(b: "${texts.join('", c: "')}") # x\n d(e: """${texts[0]}""") }`,
  (texts) => texts.map((text) => part("XbX", 'form-data; name="a"', text)).join("") + closing("XbX"),
  (texts) => texts.map((text) => part("XbX", `form-data; name="${text}"; filename="${text}"`, text)).join(""),
  (texts) => nestedParts(texts),
  (texts) => texts.map((text) => entity("XbX", text)).join("") + closing("XbX"),
  (texts) => `GET /${texts[0]}?a=${texts[1]} HTTP/1.1\r\nA: ${texts[0]}\r\n\r\n${texts.join("&")}`,
  (texts) =>
    `Subject: =?utf-8?Q?${texts[0]}?=\r\nContent-Transfer-Encoding: base64\r\n\r\n${texts.map(base64).join("")}`,
];

function part(boundary: string, disposition: string, content: string, more = ""): string {
  return `--${boundary}\r\nContent-Disposition: ${disposition}\r\n${more}\r\n${content}\r\n`;
}

function entity(boundary: string, content: string): string {
  return `--${boundary}\r\nContent-Type: application/http\r\nX-A: ${content}\r\n\r\n${content}\r\n`;
}

function closing(boundary: string): string {
  return `--${boundary}--\r\n`;
}

function nestedParts(texts: readonly string[]): string {
  const inner = texts.map((text) => part("YbY", 'file; filename="a"', text)).join("") + closing("YbY");
  const type = "Content-Type: multipart/mixed; boundary=YbY\r\n";
  return part("XbX", 'form-data; name="a"', inner, type) + closing("XbX");
}

/** A random text: encodings and containers within each other, to a depth. */
export function generate(random: Random, depth: number): string {
  if (depth === 0) return random.pick(leaves);
  if (random.below(3) > 0) return random.pick(encodings)(generate(random, depth - 1));
  const texts = Array.from({ length: 1 + random.below(3) }, () => generate(random, depth - 1));
  return random.pick(containers)(texts);
}

/** What becomes dear where work is repeated for each of many. */
export const units = [
  ..."/*|&#|&|%|%u|\\u{|\\0|base64,|a=&|&lt|\xe0|{|[|\"\\u|=|;|/|A |<a>|<a b='c'/>|x<!---->|<![CDATA[|<!--|<!-|]".split(
    "|",
  ),
  ..."\r\n--X|--X\r\n\r\n|; name*=|\0|\0\xc3\xa9|a&|%41|%2541|PHNj|PHNjcmlwdD5h|v7-/|\0a|a\0|=?a?b?|=?a?b?cc|=?u?q?=3C?= |\\x41".split(
    "|",
  ),
  ...'&#60;|&amp;|\'|"a",|{"a":|{"a":1}|a=1&|;a=b|\'a\',|`|#\n|"""|<?|<!|\xef\xbc|\xc0|\t|a\t|/**/|/*!|*/|\\|../|.'.split(
    "|",
  ),
  "--X\r\nContent-Disposition: form-data; filename*=a\r\n\r\n",
  "--X\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n",
  "\0aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "' or 1=1 -- ",
] as const;
