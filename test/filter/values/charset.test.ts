import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreValue } from "../../../scripts/core.ts";
import { body, told } from "./told-values.ts";

const isOfBody = ({ component }: CoreValue) => component === "body";

test("a character set that hides ASCII is no body that was inspected", () => {
  for (const charset of ["UTF-7", "ibm037", '"utf-99"', "utf-16x"]) {
    assert.deepEqual(body(`application/json; charset=${charset}`, '{"a":"b"}'), []);
  }
  assert.equal(body("video/mp4", `\0\0\0\x18ftyp\0${"text ".repeat(5)}`).length, 1);
  assert.equal(body("text/plain; charset=ISO-8859-1", "abc").length, 1);
});

/** UTF-32, little-endian. */
function wide(text: string): Buffer {
  return Buffer.concat([...text].map((character) => Buffer.of(character.codePointAt(0) ?? 0, 0, 0, 0)));
}

const json16 = Buffer.from('{"a":"<b>"}', "utf16le");
const big16 = Buffer.from(json16).swap16();
const readings: [what: string, contentType: string, body: Buffer][] = [
  ["UTF-16 with its byte order", "application/json; charset=utf-16le", json16],
  ["UTF-16 of which the byte order is not told", "application/json; charset=UTF-16", big16],
  ["UTF-16 by its byte order mark", "application/json", Buffer.concat([Buffer.of(0xff, 0xfe), json16])],
  [
    "UTF-16 by its byte order mark, against what is declared",
    "text/plain",
    Buffer.concat([Buffer.of(0xfe, 0xff), big16]),
  ],
  ["UTF-16 by its look", "application/json; charset=utf-8", big16],
  ["UTF-16 of an unknown type by its look", "", json16],
  ["UTF-32", 'application/json; charset="utf-32le"', wide('{"a":"<b>"}')],
  ["UTF-32 by its look", "application/json", wide('{"a":"<b>"}').swap32()],
];
for (const [what, contentType, text] of readings) {
  test(`reads ${what}`, () => {
    assert.ok(told(body(contentType, text)).includes("json:/a = <b>"), told(body(contentType, text)).join("\n"));
  });
}

test("text in a wide character set that nothing tells of is read by its first characters", () => {
  const text = "' or 1=1 --";
  const little = Buffer.from(text, "utf16le");
  const wider = wide(text);
  for (const contentType of ["application/octet-stream", "", "application/x-thing"]) {
    for (const content of [little, Buffer.from(little).swap16(), wider, Buffer.from(wider).swap32()])
      assert.deepEqual(
        told(body(contentType, content)),
        [`body = ${text}`],
        `${contentType} ${content.toString("hex")}`,
      );
  }
  const samples = Buffer.from([9, 0, 250, 255, 40, 0, 12, 1, 66, 0, 7, 0]);
  assert.deepEqual(told(body("application/octet-stream", samples)), []);
});

test("what only looks wide is read byte by byte too", () => {
  const text = Buffer.from("\xff\xfe' or 1=1 --", "latin1");
  assert.ok(body("text/plain", text).some(({ forms }) => Buffer.from(forms[0]?.bytes ?? []).includes("' or 1=1 --")));
});

test("what is declared wide is read byte by byte too, as most applications do", () => {
  for (const charset of ["utf-16", "UTF-16LE", "utf-16be", "ucs-2", "unicode", '"utf-32"', "utf-8; charset=utf-16"]) {
    const json = told(body(`application/json; charset=${charset}`, '{"a":"\\u003cb>"}'));
    assert.deepEqual(json, ["json:/a = <b>"], charset);
    const form = told(body(`application/x-www-form-urlencoded; charset=${charset}`, "a=x&b=%3Cb%3E+y"));
    assert.deepEqual(form, ["form:a = x", "form:b = <b> y"], charset);
    assert.deepEqual(told(body(`text/plain; charset=${charset}`, "' or 1=1")), ["body = ' or 1=1"], charset);
    assert.deepEqual(told(body(`text/xml; charset=${charset}`, "<a>' or 1=1</a>")), ["xml:a = ' or 1=1"], charset);
    const mixed = told(body(`application/x-www-form-urlencoded; charset=${charset}`, "a=%3Cb%3E&b=x\0y\0\0\0z\0"));
    assert.ok(mixed.includes("form:a = <b>"), mixed.join("\n"));
  }
});

test("a form that is wide throughout is read wide alone: byte by byte no two characters stand in a row", () => {
  const form = Buffer.from("\ufeffa=x+y&b=%3Cb%3E", "utf16le");
  const type = "application/x-www-form-urlencoded";
  const wide32 = wide("a=x+y&b=%3Cb%3E");
  for (const [charset, text] of [
    ["; charset=utf-16", form],
    ["; charset=utf-16", Buffer.from(form).swap16()],
    ["; charset=utf-16le", form.subarray(2)],
    ["; charset=utf-32", wide32],
    ["", form],
  ] as const) {
    assert.deepEqual(told(body(`${type}${charset}`, text)), ["form:a = x y", "form:b = <b>"], charset);
  }
  const other = Buffer.concat([form, Buffer.from("\u4e2d", "utf16le"), Buffer.from("&c=%3Cb%3E&")]);
  assert.ok(told(body(`${type}; charset=utf-16`, other)).includes("form:c = <b>"), "what is not throughout");
  const order = Buffer.concat([form.subarray(0, 2), Buffer.from(form.subarray(2)).swap16()]);
  assert.ok(
    told(body(`${type}; charset=utf-16`, order)).some((value) => value.includes("<b>")),
    "the other order",
  );
});

test("a character set is seen in every spelling and in every parameter", () => {
  const spellings = [
    "charset = ibm037",
    'CharSet="IBM037"',
    "charset=\t' ibm037'",
    "a=b ; charset=utf-8; charset =ibm037",
    "charset=utf-8,ibm037",
    "charset*=us-ascii''ibm037",
  ];
  for (const parameter of spellings)
    assert.deepEqual(body(`text/x;${parameter}`, "abc").filter(isOfBody), [], parameter);
  for (const parameter of ["charset = utf-8", 'charset="ISO-8859-1" ; a=b', "charset=gb2312"]) {
    assert.equal(body(`text/x;${parameter}`, "abc").filter(isOfBody).length, 1, parameter);
  }
});
