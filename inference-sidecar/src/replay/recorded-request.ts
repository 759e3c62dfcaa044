/**
 * A request as the evidence store keeps it where the policy says `evidence: values`: JSON, enough to judge it again, and
 * no credential. What a credential had proved stands in `token` and `peer`.
 */
export interface RecordedRequest {
  readonly method: string;
  readonly authority: string;
  /** With the query, as sent; each character is a byte. */
  readonly path: string;
  /** In their order, names in lower case, without `authorization`, `cookie` and their kin; each character is a byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Base64. */
  readonly body: string;
  /** The body was longer than what was kept. */
  readonly isCut: boolean;
  /** The client's certificate, validated: its first URI name. Null: there was none. */
  readonly peer: string | null;
  /** `address:port`; empty: not known. */
  readonly source: string;
  /** What the verified token said; null: there was none, or it was refused. */
  readonly token: { readonly issuer: string; readonly claims: Readonly<Record<string, unknown>> } | null;
}

/** null: these bytes are no recorded request. */
export function readRecordedRequest(bytes: Uint8Array): RecordedRequest | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<RecordedRequest> | null;
    if (typeof value !== "object" || value === null) return null;
    const { method, authority, path, headers, body, isCut = false, peer = null, source = "", token = null } = value;
    const texts = [method, authority, path, body, source].every((text) => typeof text === "string");
    const paired = Array.isArray(headers) && headers.every(isPair);
    const known = token === null || (typeof token.issuer === "string" && typeof token.claims === "object");
    if (!texts || !paired || !known || !(peer === null || typeof peer === "string")) return null;
    return { method, authority, path, headers, body, isCut, peer, source, token } as RecordedRequest;
  } catch {
    return null;
  }
}

function isPair(pair: unknown): boolean {
  return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
}
