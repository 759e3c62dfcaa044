import type { CoreRequest } from "../core.ts";
import { type Header, headersOf } from "./request-headers.ts";
import { RowError, textOf, writtenText } from "./row-error.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Of the connection, not of the request: a client in front of the gate sets its own (RFC 9110 section 7.6.1). */
const connectionHeaders = [
  "connection",
  "content-length",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];
const targets = ["path", "url", "uri", "target"];
const AUTHORITY = "shop.example";

/**
 * A whole request as a client would send it. `method` (default GET, POST with a body); `path`, `url`, `uri` or `target`,
 * also absolute; `query` as text or object; `headers` as object, pairs, `{name, value}` or a block of lines; `body` as
 * text, object or array (JSON), or `{base64}`; `body_base64`.
 * @throws RowError
 */
export function requestOf(row: Fields): CoreRequest {
  const { authority, path } = targetOf(row);
  const given = headersOf(first(row, "headers", "header"));
  const body = bodyOf(row, given);
  const host = given.find(([name]) => name === "host")?.[1];
  const headers: Header[] = given.filter(([name]) => !connectionHeaders.includes(name) && !name.startsWith(":"));
  if (body.isJson && !headers.some(([name]) => name === "content-type"))
    headers.push(["content-type", "application/json"]);
  if (body.bytes.length > 0) headers.push(["content-length", String(body.bytes.length)]);
  const method = textOf(first(row, "method", "verb") ?? (body.bytes.length > 0 ? "POST" : "GET"), "method");
  if (!/^[!-~]+$/.test(method)) throw new RowError("method: expected a name");
  const request = { method, authority: authority ?? host ?? AUTHORITY, path, headers };
  return body.bytes.length > 0 ? { ...request, body: body.bytes } : request;
}

/** Whether the fields have something of a request. */
export function isRequest(row: Fields): boolean {
  return first(row, "request", "method", ...targets, "body", "body_base64") !== undefined;
}

/** @throws RowError it is no object */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RowError(`${what}: expected an object`);
  return value as Fields;
}

/** The first of the fields that is there. */
export function first(row: Fields, ...names: readonly string[]): unknown {
  return names.map((name) => row[name]).find((value) => value !== undefined && value !== null);
}

/** What may not stand in a request's target is percent-encoded, as clients do; one character is one byte. */
export function percentEncoded(target: string): string {
  return target.replace(
    /[^!-~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function targetOf(row: Fields): { authority: string | null; path: string } {
  const given = first(row, ...targets) ?? "/";
  if (typeof given !== "string") throw new RowError("path: expected text");
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(given);
  const rest = absolute ? (absolute[2] as string) : given;
  const path = `${rest.startsWith("/") || rest === "*" ? "" : "/"}${rest}${queryOf(row, rest)}`;
  return { authority: absolute?.[1] || null, path: percentEncoded(Buffer.from(path).toString("latin1")) };
}

function queryOf(row: Fields, path: string): string {
  const query = first(row, "query", "query_string", "queryString");
  if (query === undefined || query === "" || path.includes("?")) return "";
  if (typeof query === "string") return query.startsWith("?") ? query : `?${query}`;
  const pairs = Object.entries(fieldsOf(query, "query")).map(
    ([name, value]) => [name, writtenText(value, "query")] as [string, string],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function bodyOf(row: Fields, headers: readonly Header[]): { bytes: Buffer; isJson: boolean } {
  const encoded = first(row, "body_base64", "bodyBase64", "body_b64");
  if (typeof encoded === "string") return { bytes: Buffer.from(encoded, "base64"), isJson: false };
  const body = first(row, "body", "data");
  if (body === undefined) return { bytes: Buffer.alloc(0), isJson: false };
  if (typeof body === "string") return { bytes: Buffer.from(body, isBase64(row) ? "base64" : "utf8"), isJson: false };
  if (typeof body !== "object") throw new RowError("body: expected text, an object or {base64}");
  const { base64 } = body as Fields;
  if (typeof base64 === "string") return { bytes: Buffer.from(base64, "base64"), isJson: false };
  const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
  const isForm = type.startsWith("application/x-www-form-urlencoded") && !Array.isArray(body);
  const write = isForm
    ? (fields: unknown) => String(new URLSearchParams(fields as Record<string, string>))
    : JSON.stringify;
  const text = writtenText(body, "body", write);
  return { bytes: Buffer.from(text), isJson: !isForm };
}

function isBase64(row: Fields): boolean {
  const encoding = first(row, "body_encoding", "bodyEncoding", "encoding") ?? "";
  return writtenText(encoding, "encoding").toLowerCase() === "base64";
}
