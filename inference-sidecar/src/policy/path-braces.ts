// `{ path: /orders/{id} }` is how one writes it and not YAML: a plain scalar in a flow mapping ends at a brace. So the
// braces of a path's parameters stand as two private-use characters while the text is parsed; offsets stay the same.
// In YAML as it should be nothing changes.
const OPEN = "\uE000";
const CLOSE = "\uE001";
const PARAMETER = /(?<=\/)\{([A-Za-z_][A-Za-z0-9_-]*)\}/g;

/** `text` for the YAML parser. */
export function hideBraces(text: string): string {
  return text.includes(OPEN) || text.includes(CLOSE) ? text : text.replace(PARAMETER, `${OPEN}$1${CLOSE}`);
}

/** What was written, for a scalar of a text that went through `hideBraces`. */
export function restoreBraces(scalar: string): string {
  return scalar.replace(/\uE000([A-Za-z0-9_-]+)\uE001/g, "{$1}");
}
