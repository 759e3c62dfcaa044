import { RowError, textOf } from "./row-error.ts";

/** Name in lower case, value; one character is one byte of UTF-8. */
export type Header = readonly [name: string, value: string];

/**
 * Header pairs from an object (a list stands for a repeated header), from pairs, from `{name, value}` objects, or from
 * lines of text. What could not be sent in a header (CR, LF, NUL) is left as it is: the gate is to see it.
 * @throws RowError
 */
export function headersOf(given: unknown): Header[] {
  if (given === undefined) return [];
  if (typeof given === "string") return given.split(/\r?\n/).filter(Boolean).map(ofLine);
  if (Array.isArray(given)) return given.map(ofItem);
  if (typeof given === "object")
    return Object.entries(given as object).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => header(name, one)),
    );
  throw new RowError("headers: expected an object, pairs or text");
}

function ofLine(line: string): Header {
  const colon = line.indexOf(":", 1);
  if (colon < 1) throw new RowError(`headers: expected "name: value", found ${JSON.stringify(line.slice(0, 60))}`);
  return header(line.slice(0, colon), line.slice(colon + 1).trim());
}

function ofItem(item: unknown): Header {
  if (typeof item === "string") return ofLine(item);
  if (Array.isArray(item) && item.length === 2) return header(item[0], item[1]);
  const { name, key, value } = (item ?? {}) as Record<string, unknown>;
  const named = name ?? key;
  if (named === undefined || value === undefined) throw new RowError("headers: expected pairs of name and value");
  return header(named, value);
}

function header(name: unknown, value: unknown): Header {
  return [textOf(name, "headers").toLowerCase(), value === null ? "" : textOf(value, "headers")];
}
