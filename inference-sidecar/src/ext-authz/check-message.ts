import { createHash, X509Certificate } from "node:crypto";
import type { Core } from "../core/core.ts";
import type { Enforcement, Fields } from "../core/enforcement.ts";
import type { EvaluationRequest } from "../core/gate.ts";

/** envoy.service.auth.v3.CheckRequest */
export interface CheckRequest {
  attributes: {
    source: {
      address: { socketAddress: { address: string; portValue: number } | null } | null;
      certificate: string;
    } | null;
    request: {
      http: {
        rawBody: Buffer;
        headerMap: { headers: { key: string; rawValue: Buffer }[] } | null;
      } | null;
    } | null;
    contextExtensions: Record<string, string>;
  } | null;
}

/** envoy.service.auth.v3.CheckResponse */
export interface CheckResponse {
  status: { code: number };
  deniedResponse?: { status: { code: number }; headers: HeaderOption[]; body: string };
  okResponse?: { headers: HeaderOption[]; headersToRemove: string[]; responseHeadersToAdd: HeaderOption[] };
  dynamicMetadata: { fields: Record<string, { stringValue: string }> };
}

interface HeaderOption {
  header: { key: string; value: string };
  appendAction: number;
}

/** What a listener says of the routes whose bodies it does not bring (`envoy/render/ext-authz.ts`). */
const UNBUFFERED = "unbuffered";

const OVERWRITE_OR_ADD = 2;
const GRPC_PERMISSION_DENIED = 7;
/** Envoy adds it, after all others, where it brings a body. */
const PARTIAL_BODY = "x-envoy-auth-partial-body";
const WHOLE = "false";
const FORWARDED_PROTO = "x-forwarded-proto";
const CERTIFICATES_MOST = 256;

/** Whether the client's connection is encrypted, by the header that Envoy writes itself: the scheme of a request is the client's word. */
export function isEncrypted({ attributes }: CheckRequest): boolean {
  const fields = attributes?.request?.http?.headerMap?.headers ?? [];
  return fields.find(({ key }) => key === FORWARDED_PROTO)?.rawValue.toString() === "https";
}

/** The request as a filter in Envoy sees it: raw header fields in their order, the body, the peer. */
export function toEvaluationRequest(
  { attributes }: CheckRequest,
  core: Pick<Core, "maySign">,
  now = Date.now(),
): EvaluationRequest {
  const { source, request, contextExtensions } = attributes ?? {};
  const { headerMap, rawBody = Buffer.alloc(0) } = request?.http ?? {};
  const headers = (headerMap?.headers ?? []).map(({ key, rawValue }) => [key, rawValue] as const);
  const added = rawBody.length > 0 ? headers.findLastIndex(([name]) => name === PARTIAL_BODY) : -1;
  const [partial] = added < 0 ? [] : headers.splice(added, 1);
  const isCut = partial !== undefined && partial[1].toString() !== WHOLE;
  const address = source?.address?.socketAddress;
  const certificate = source?.certificate ? knownCertificate(source.certificate, core) : null;
  return {
    headers,
    body: rawBody,
    bodyKept: contextExtensions?.body === UNBUFFERED ? "missing" : isCut ? "cut" : "whole",
    // A connection may outlive the certificate that was validated when it was made.
    ...(certificate !== null && now < certificate.validUntil + 1_000 ? { peer: certificate.peer } : {}),
    ...(address ? { source: formatSource(address.address, address.portValue) } : {}),
  };
}

/** `decision`: the id, effect, reason and route for Envoy's access log. */
export function toCheckResponse(
  { denial, removed, issued, nonce }: Omit<Enforcement, "record" | "unrecorded">,
  id: string,
  decision: string,
): CheckResponse {
  const own = [option("x-postern-decision", id), ...(nonce === "" ? [] : [option("dpop-nonce", nonce)])];
  const dynamicMetadata = { fields: { decision: { stringValue: decision } } };
  if (denial !== null) {
    const { status, fields, body } = denial;
    const deniedResponse = { status: { code: status }, headers: [...options(fields), ...own], body };
    return { status: { code: GRPC_PERMISSION_DENIED }, deniedResponse, dynamicMetadata };
  }
  // Envoy removes after it has set; what is set replaces every field of its name.
  const names = new Set(issued.map(([name]) => name));
  const headersToRemove = removed.filter((name) => !names.has(name));
  const okResponse = { headers: options(issued), headersToRemove, responseHeadersToAdd: own };
  return { status: { code: 0 }, okResponse, dynamicMetadata };
}

function options(fields: Fields): HeaderOption[] {
  return fields.map(([name, value]) => option(name, value.toString("latin1")));
}

function option(key: string, value: string): HeaderOption {
  return { header: { key, value }, appendAction: OVERWRITE_OR_ADD };
}

function formatSource(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

interface KnownCertificate {
  readonly peer: NonNullable<EvaluationRequest["peer"]>;
  /** The last second in which it is valid, Unix milliseconds. */
  readonly validUntil: number;
}

const known = new Map<string, KnownCertificate>();

/**
 * Of a certificate that the listener has validated: its URI names (RFC 5280 section 4.2.1.6), joined by commas, and its
 * digest. Names of any kind that could be read as several stand in quotes: a URI name that does is no SPIFFE id. Of an
 * authority's, or one that may sign others, no name is told: it is of no workload (X509-SVID section 5.2).
 */
function knownCertificate(certificate: string, core: Pick<Core, "maySign">): KnownCertificate {
  let found = known.get(certificate);
  if (found === undefined) {
    const { raw, subjectAltName = "", validTo } = new X509Certificate(decodeURIComponent(certificate));
    const names = subjectAltName.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').split(", ");
    const uris = names.filter((name) => name.startsWith("URI:")).map((name) => name.slice("URI:".length));
    const peer = { uri: core.maySign(raw) ? "" : uris.join(), digest: digest(raw) };
    found = { peer, validUntil: Date.parse(validTo) };
    if (known.size === CERTIFICATES_MOST) known.clear();
    known.set(certificate, found);
  }
  return found;
}

function digest(der: Buffer): Uint8Array {
  return createHash("sha256").update(der).digest();
}
