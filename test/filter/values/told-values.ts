import { type CoreRequest, type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

/** The values of a request. */
export function valuesOf(request: Partial<CoreRequest>): readonly CoreValue[] {
  return core.values([{ method: "GET", path: "/", headers: [], ...request }])[0] ?? [];
}

/** Label and most decoded text of each value. */
export function told(values: readonly CoreValue[]): string[] {
  return values.map(({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString()}`);
}

/** The values of a body. */
export function body(contentType: string, text: string | Uint8Array): readonly CoreValue[] {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return valuesOf({ headers: contentType ? [["content-type", contentType]] : [], body: bytes });
}
