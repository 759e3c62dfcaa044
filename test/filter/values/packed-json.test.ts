import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreRequest } from "../../../scripts/core.ts";
import { valuesOf } from "./told-values.ts";

const SCRIPT = "<script>alert(1)</script>";
const ENVELOPE = {
  iv: "rtsaH42LqK8PHDmyPZ0v4Q==",
  value: "oj+2mVr4qB+e/7xW0Vd3cT1nq9sJkLhGfYp2zR5uA8E=",
  mac: "9b1c0d5e7f3a2b4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d1e3f5a7b9c",
  tag: "",
};

/** Labels and texts of all forms. */
function formsOf(request: Partial<CoreRequest>): [string, string][] {
  return valuesOf(request).flatMap(({ label, forms }) =>
    forms.map(({ bytes }): [string, string] => [label, Buffer.from(bytes).toString("latin1")]),
  );
}

const packed = (value: unknown, coding: "base64" | "base64url" = "base64") =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString(coding);

/** Of a header in which it stands as it is, and a cookie in which it is percent-encoded. */
const requests = (text: string): [string, Partial<CoreRequest>][] => [
  ["header:x-xsrf-token", { headers: [["x-xsrf-token", text]] }],
  ["cookie:session", { headers: [["cookie", `a=b; session=${encodeURIComponent(text)}`]] }],
  ["query:state", { path: `/?state=${encodeURIComponent(text)}` }],
];

test("of JSON in base64 each string is a value of its own, and no window lies over several", () => {
  for (const [label, request] of requests(packed(ENVELOPE))) {
    const texts = formsOf(request).filter(([of]) => of === label);
    for (const part of [ENVELOPE.iv, ENVELOPE.value, ENVELOPE.mac])
      assert.ok(
        texts.some(([, text]) => text === part),
        `${label}: ${part}`,
      );
    assert.deepEqual(
      texts.filter(([, text]) => text.includes('"')),
      [],
      label,
    );
  }
});

test("an attack in one of its strings is seen as it stands there, however deep and encoded", () => {
  const inner = packed({ note: `a ${SCRIPT}` });
  for (const text of [
    packed({ a: [{ b: SCRIPT }] }),
    packed({ a: inner }, "base64url"),
    packed({ a: encodeURIComponent(SCRIPT) }),
  ])
    for (const [label, request] of requests(text))
      assert.ok(
        formsOf(request).some(([of, form]) => of === label && form.includes(SCRIPT)),
        `${label}: ${text}`,
      );
  const escaped = packed('{"a":"\\u003cscript>alert(1)<\\/script>","of":"text that makes the whole long enough"}');
  assert.ok(formsOf({ path: `/?state=${escaped}` }).some(([, form]) => form.includes(SCRIPT)));
});

test("what is not JSON alone, or has other names than plain ones, is judged whole", () => {
  const whole = [
    '{"user":{"$ne":null}}',
    '{"__proto__":{"admin":true}}',
    `{"a":"b"} ${SCRIPT}`,
    `{"a":"b",${SCRIPT}}`,
    "{{7*7*7*7*7*7}}",
  ];
  for (const text of whole)
    for (const [label, request] of requests(packed(text)))
      assert.ok(
        formsOf(request).some(([of, form]) => of === label && form === text),
        `${label}: ${text}`,
      );
});
