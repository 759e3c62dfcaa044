import assert from "node:assert/strict";
import type { Core, CoreRequest, CoreValue, Window } from "../../../../scripts/core.ts";
import type { Random } from "../../../harness/random.ts";

const MAX_VALUES = 512;
const MAX_FORMS = 7;
/** Forms of a value, in bytes a byte of it: seven of a first one that UTF-16 makes half as long again. */
const MAX_FORM_BYTES = 10.5;
/** The same of all values of a request: a body may be read as a form, as JSON, in two character sets and as a text. */
const MAX_REQUEST_BYTES = 64;

/** What must hold for the values of any request. @throws AssertionError */
export function checkValues(request: CoreRequest, values: readonly CoreValue[]): void {
  assert.ok(values.length <= MAX_VALUES, `${values.length} values`);
  let total = 0;
  for (const { kind, start, end, forms, label } of values) {
    const size = forms.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.ok(start < end && forms.length >= 1 && forms.length <= MAX_FORMS, `${forms.length} forms`);
    assert.ok(kind === "rest" || size <= MAX_FORM_BYTES * (end - start + 3), `${size} bytes of forms of ${label}`);
    assert.match(label, /^[ -~]{1,96}$/);
    total += size;
  }
  assert.ok(total <= MAX_REQUEST_BYTES * (sizeOf(request) + 1), `${total} bytes of forms`);
}

/** A random window of a random form is led back to a range within its value, and one within it to one within that. */
export function checkOrigin(core: Core, random: Random, request: CoreRequest, values: readonly CoreValue[]): void {
  if (values.length === 0) return;
  const value = random.below(values.length);
  const { kind, component, start, end, forms } = values[value] as CoreValue;
  const form = random.below(forms.length);
  const size = forms[form]?.bytes.length ?? 0;
  if (size === 0) return;
  const from = random.below(size);
  const outer: Window = { value, form, start: from, end: from + 1 + random.below(size - from) };
  const inner: Window = { ...outer, end: outer.start + 1 };
  const [around, within] = core.locate(request, [outer, inner]);
  assert.ok(around && within && within.start < within.end && around.start <= within.start && around.end >= within.end);
  if (kind === "rest") return;
  assert.ok(around.component === component && around.start >= start && around.end <= end, "outside the value");
}

export function sizeOf({ path = "", headers, body }: CoreRequest): number {
  return headers.reduce((sum, [, value]) => sum + value.length, path.length + (body?.length ?? 0));
}
