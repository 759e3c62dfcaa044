import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

/** Decodings and text of every form of a payload; a character stands for a byte. */
function formsOf(payload: string): [decodings: string, text: string][] {
  const [forms = []] = core.forms([Buffer.from(payload, "latin1")]);
  return forms.map((form) => [form.decodings.join(" "), Buffer.from(form.bytes).toString("latin1")]);
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const hexadecimal = (text: string) => Buffer.from(text).toString("hex");
const utf8 = (text: string) => Buffer.from(text).toString("latin1");
const SCRIPT = "<script>alert(1)</script>";

const single: [what: string, payload: string, decodings: string, text: string][] = [
  ["percent", "%3Cscript%3e", "percent", "<script>"],
  ["percent with an invalid one beside it", "100%zz%2", "", "100%zz%2"],
  ["IIS's percent-u", "%u003cb%u003E", "unicode-escape", "<b>"],
  ["JavaScript's unicode escapes", "\\u003cb\\u{3e}", "unicode-escape", "<b>"],
  ["a code point with zeros before it", "\\u{0000003c}b\\u{00000}\\u{3e}", "unicode-escape", "<b\0>"],
  ["Java's unicode escapes", "\\uu003cb\\uuuu003e", "unicode-escape", "<b>"],
  [
    "code points of eight digits",
    "\\U0000003cb\\U0000003E\\u003cb\\U003e\\U0001f600",
    "unicode-escape",
    `<b><b>${utf8("😀")}`,
  ],
  ["one beyond the last", "\\U00110000\\UFFFFFFFFx", "unicode-escape", "\xf4\x8f\xbf\xbf\xef\xbf\xbfFFFFx"],
  ["a surrogate pair", "a\\ud83d\\ude00", "unicode-escape", utf8("a😀")],
  ["a surrogate pair of ECMAScript's escape", "a%ud83d%ude00", "unicode-escape", utf8("a😀")],
  [
    "a surrogate pair in Java's way",
    "a\\uud83d\\uuude00\\ud83d\\uuux",
    "unicode-escape",
    `${utf8("a😀")}\xed\xa0\xbd\\uuux`,
  ],
  ["hex escapes", "\\x3cb\\X3E", "hex-escape", "<b>"],
  ["octal escapes", "\\74b\\076\\0076", "octal-escape", "<b>>"],
  ["a number that is no printable character", "C:\\2024\\1\\7", "", "C:\\2024\\1\\7"],
  ["decimal and hexadecimal entities", "&#60;b&#x3E;&#0000062", "html-entity", "<b>>"],
  ["named entities in any case", "&lt;b&GT;&colon;&NewLine;x&lpar;", "html-entity whitespace", "<b>: x("],
  ["second names of signs", "2&midast;a&verbar;b&UnderBar;c", "html-entity", "2*a|b_c"],
  ["names that HTML takes without semicolon", "&ltb&gt &amp", "html-entity", "<b> &"],
  ["names that it does not", "&colonb &lparx &unknown;", "", "&colonb &lparx &unknown;"],
  ["a reference above U+10FFFF", "&#99999999999;", "html-entity", "\xef\xbf\xbd"],
  ["base64", base64(SCRIPT), "base64", SCRIPT],
  ["base64 without padding", base64(SCRIPT).replace(/=+$/, ""), "base64", SCRIPT],
  ["base64 in lines", base64(SCRIPT.repeat(3)).replace(/(.{40})/g, "$1\r\n"), "base64", SCRIPT.repeat(3)],
  ["base64url", base64("/?/?>>>???/../..").replace(/\+/g, "-").replace(/\//g, "_"), "base64url", "/?/?>>>???/../.."],
  ["base64 whose + became a space", base64("a>>>b>>>c~~~").replace(/\+/g, " "), "base64", "a>>>b>>>c~~~"],
  ["base64 with a digit too many", `${base64("<svg/onload=alert(1234)>")}A`, "base64", "<svg/onload=alert(1234)>"],
  [
    "base64 with spaces",
    base64(SCRIPT)
      .replace(/(.{5})/g, "$1 ")
      .replace(/[ =]+$/, ""),
    "base64",
    SCRIPT,
  ],
  ["a text in hexadecimal digits", hexadecimal(SCRIPT), "hexadecimal", SCRIPT],
  ["the same in capitals behind 0x", `0x${hexadecimal("' or 1=1 -- ").toUpperCase()}`, "hexadecimal", "' or 1=1 -- "],
  ["the same with other bytes in it", `${hexadecimal(SCRIPT)}00e4`, "hexadecimal", `${SCRIPT}\0\xe4`],
  ["base64 in quotes", `{'a': "${base64(SCRIPT)}"}, x`, "base64", `{'a': "${SCRIPT}"}, x`],
  ["base64 behind a version", `v1.${base64(SCRIPT)}`, "base64", `v1.${SCRIPT}`],
  [
    "base64 between dots",
    `12345.${base64(SCRIPT).replace(/=+$/, "")}.9f8e7d6c5b4a39281706`,
    "base64",
    `12345.${SCRIPT}.9f8e7d6c5b4a39281706`,
  ],
  ["base64 of a page's mark", `cursor_${base64(SCRIPT)}`, "base64", `cursor_${SCRIPT}`],
  ["base64 behind a dash", `page-${base64(SCRIPT)}`, "base64", `page-${SCRIPT}`],
  ["base64 in a path", `p/12/${base64("<svg/onload=alert(1234)>")}`, "base64", "p/12/<svg/onload=alert(1234)>"],
  ["base64 of UTF-16", Buffer.from(SCRIPT, "utf16le").toString("base64"), "base64 utf-16", SCRIPT],
  ["UTF-16", "%3C%00b%00>%00x%00", "percent utf-16", "<b>x"],
  ["UTF-16 of the other byte order", "%00<%00b%00%3E", "percent utf-16", "<b>"],
  ["a data URL", `data:text/html;base64,${base64(SCRIPT)}`, "base64", `data:text/html;base64,${SCRIPT}`],
  [
    "a data URL close behind another, a little shorter one",
    `base64,${base64("alert(1)")}#base64,${base64(SCRIPT)}`,
    "base64",
    `base64,alert(1)#base64,${SCRIPT}`,
  ],
  ["overlong slashes and dots", "\xc0\xae\xc0\xae\xc0\xaf\xe0\x80\xae\xf0\x80\x80\xaf", "overlong", ".././"],
  ["an IIS form of a backslash", "..\xc1\x1c", "overlong", "..\\"],
  ["full-width", utf8("＜script＞"), "full-width", "<script>"],
  ["mathematical letters", utf8("𝓾𝗻𝚒𝙤𝒏 𝟙𝟮 <𝔰𝕔𝖗ipt>"), "compatibility", "union 12 <script>"],
  ["circled letters and digits", utf8("ⓔⓧⓐⓜⓟⓛⓔ.ⓒom①②"), "compatibility", "example.com12"],
  ["letters above and below the line", utf8("ˢᵉˡᵉct ⁼₁⁽₎ ªº"), "compatibility", "select =1() ao"],
  ["small and upright forms", utf8("﹤script﹥ ﹛﹜︷ ︓﹨﹪"), "compatibility", "<script> {}{ :\\%"],
  ["spaces of typesetting among others", utf8("ｏr\u00a0①\u2003=\u30001"), "full-width compatibility", "or 1 = 1"],
  ["signs that are not shown, in a word", utf8("uni\u200bon sel\u00ad\u2060ect\ufeff"), "invisible", "union select"],
  ["both at once", utf8("𝓾\u200bⓝ\u{e0041}ion"), "compatibility invisible", "union"],
  ["comments", "un/**/ion/* x */all", "comment", "un ion all"],
  ["MySQL's executed comments", "/*!50000union*/select", "comment", " union select"],
  ["what a parser of XML joins", "<a>un<!-- x -->io<?y z?>n se<![CDATA[lec]]>t</a>", "markup", "<a>union select</a>"],
  ["the same between spaces and comments", "un/**/ion <!-- x --> all", "comment markup whitespace", "un ion all"],
  ["a mark of XML that does not end, and one that does", "<!--a<?b<![CDATA[c<?d?>]]>", "markup", "<!--a]]>"],
  ["declarations", '<?xml version="1.0"?><!DOCTYPE a><!>', "", '<?xml version="1.0"?><!DOCTYPE a><!>'],
  ["a comment that does not end", "a /* b", "", "a /* b"],
  ["whitespace", "or\t1=1\r\n \v--", "whitespace", "or 1=1 --"],
  ["slashes that a system takes for one", `${"/".repeat(32)}etc/././/passwd`, "slashes", "/etc/passwd"],
  [
    "slashes among percent signs and spaces",
    "%2f%2f%2f%2fetc/././passwd  x",
    "percent slashes whitespace",
    "/etc/passwd x",
  ],
  ["slashes of URLs, and a dot that is a name's", "file:///a//b./c/.d/./e", "", "file:///a//b./c/.d/./e"],
];

for (const [what, payload, decodings, text] of single) {
  test(`decodes ${what}`, () => {
    const forms = formsOf(payload);
    assert.deepEqual(forms[0], ["", payload]);
    assert.deepEqual(forms.at(-1), [decodings, text]);
  });
}

test("keeps a form for every round, and the decodings that led to each", () => {
  const payload = encodeURIComponent(encodeURIComponent(base64("&lt;script&gt; alert(12);")));
  assert.deepEqual(
    formsOf(payload).map(([decodings]) => decodings),
    ["", "percent", "percent percent base64", "percent percent base64 html-entity"],
  );
  assert.equal(formsOf(payload).at(-1)?.[1], "<script> alert(12);");
});

test("one round undoes every encoding that lies bare, so junk in one does not use up the rounds of another", () => {
  const [, text] = formsOf("%25252525253f &#60;script\\u003e").at(-1) ?? ["", ""];
  assert.match(text, /<script>/);
});

test("stops after four rounds", () => {
  const depth = (levels: number) =>
    Array.from({ length: levels }).reduce<string>((text) => encodeURIComponent(text), "<");
  assert.equal(formsOf(depth(4)).at(-1)?.[1], "<");
  assert.equal(formsOf(depth(5)).at(-1)?.[1], "%3C");
  assert.equal(formsOf(depth(9)).length, 5);
});

const untouched: [what: string, payload: string][] = [
  ["prose", "Don't worry, it's 100% fine & dandy; we'll SELECT a few <b>bold</b> options."],
  ["UTF-8 text", utf8("Größe: naïve café, 東京都, Привет, 😀")],
  ["Persian and Hindi with joiners", utf8("می\u200cخواهم کتاب\u200cها، क्\u200dष नहीं\u200c।")],
  ["emoji of several signs", utf8("ok ❤\ufe0f 👩\u200d💻 1\ufe0f\u20e3 👍🏽")],
  ["letters that look like others", utf8("сеlесt ʼ ’ “ ” … ™ ½")],
  ["signs of prose that have a compatible form", utf8("« 12\u202f000 m² »\u00a0: 1º ou 2ª,\u3000東京")],
  ["Latin-1 text", "caf\xe9 \xc0 la carte"],
  ["a UUID", "550e8400-e29b-41d4-a716-446655440000"],
  ["hexadecimal digests", "a3975224ce7455f67405025b81989895a3975224ce7455f67405025b81989895"],
  ["a plain word", "authentication"],
  ["a camel-case name", "getCustomerOrderHistoryById"],
  ["a random token", "q8Zr_Jd0X-2mYvQm1Tn9oWcKp4EuHs7a"],
  ["an object identifier", "6566a1b2c3d4e5f60718293a"],
  ["a number of decimal digits that would be text", "20242526272829303132333435"],
  ["an odd number of digits", `${hexadecimal("' or 1=1 -- ")}2`],
  ["a card number", "4111111111111111"],
  ["claims and signature of a JWT", ".eyJzdWIiOiJhIn0.c2lnbmF0dXJl"],
  ["a path of many letters", "see /usr/local/share/applications/internationalization for it."],
  ["a single NUL", "a\0bc"],
  ["nothing but a mark of XML", '<!--#exec cmd="id" -->'],
  ["a Windows path", "C:\\Users\\name\\file.txt"],
  ["a regular expression", "^\\d+\\w*\\.x$"],
  ["nothing", ""],
];

for (const [what, payload] of untouched) {
  test(`leaves ${what} in one form`, () => assert.deepEqual(formsOf(payload), [["", payload]]));
}

test("base64 with other bytes among its digits is decoded as lenient decoders do", () => {
  const payload = "<script>alert(1)</script>";
  const digits = Buffer.from(payload).toString("base64");
  for (const other of ["!", "*", ",", "\t", " ", ":", "=", "#", "\0", "é"]) {
    for (const apart of [1, 3, 4, 10]) {
      const scattered = digits.replace(new RegExp(`.{${apart}}`, "g"), `$&${other}`);
      assert.equal(formsOf(scattered).at(-1)?.[1], payload, scattered);
    }
  }
  for (const harmless of [
    "{550e8400-e29b-41d4-a716-446655440000}",
    "Please leave it at the back door, thanks: the dog is friendly!",
    "ORDER,STATUS,PAYMENT,CUSTOMER,COUNTRY",
    "2026-11-27 06:02:11, 10.0.0.17:8080",
  ]) {
    assert.deepEqual(formsOf(harmless), [["", harmless]]);
  }
});

test("of a signed token the header is decoded, which is read before the signature is checked", () => {
  const rest = ".eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
  for (const header of ['{"alg":"RS256"}', '{ "alg":"HS256", "kid":"\' OR 1=1 --" }', '{\n"kid":"../../dev/null"}']) {
    const encoded = Buffer.from(header).toString("base64url");
    const decoded = header.replace("\n", " ").replaceAll("  ", " ");
    assert.equal(formsOf(encoded + rest).at(-1)?.[1], decoded + rest);
    assert.equal(formsOf(`token ${encoded}${rest}, please`).at(-1)?.[1], `token ${decoded}${rest}, please`);
  }
});

test("of a token without a signature the payload is decoded, too: nothing keeps a client from writing it", () => {
  const encoded = (text: string) => Buffer.from(text).toString("base64url");
  const parts = ['{"alg":"none"}', '{"sub":"\' or 1=1 -- "}'];
  assert.equal(formsOf(`${parts.map(encoded).join(".")}.`).at(-1)?.[1], `${parts.join(".")}.`);
  const header = encoded('{"alg":"RS256","typ":"JWT"}');
  assert.equal(
    formsOf(`v1.${header}.eyJzdWIiOiJhIn0.c2ln`).at(-1)?.[1],
    'v1.{"alg":"RS256","typ":"JWT"}.eyJzdWIiOiJhIn0.c2ln',
  );
});

test("of a signed token whose header begins with whitespace or a byte order mark, as parsers of JSON skip them, it is decoded, too", () => {
  const header = '{"alg":"none","kid":"x\' OR 1=1 --"}';
  for (const before of [" ", "\n", "\r\n\t  ", "\ufeff"]) {
    const token = `${Buffer.from(before + header).toString("base64url")}.eyJzdWIiOiJhIn0.c2lnbmF0dXJl`;
    assert.ok(formsOf(token).at(-1)?.[1].includes(header), JSON.stringify(before));
  }
});

test("keeps NUL and control bytes", () => {
  assert.deepEqual(formsOf("a%00b\x01\x7f"), [
    ["", "a%00b\x01\x7f"],
    ["percent", "a\0b\x01\x7f"],
  ]);
});
