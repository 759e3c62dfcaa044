import { isIPv6 } from "node:net";
import type { EvaluationRequest } from "../core.ts";
import type { WrittenRequest } from "./cases.ts";
import { certificateDigest } from "./stand-in.ts";

/** What the request brings along; null: none. */
export interface Credentials {
  readonly token: string | null;
  readonly apiKey: string | null;
  readonly keyHeader: string;
}

/** The request as Envoy would give it to the filter, at that time (Unix milliseconds). */
export function evaluationRequest(written: WrittenRequest, credentials: Credentials, at: number): EvaluationRequest {
  const { token, apiKey, keyHeader } = credentials;
  const { method = "GET", host = "localhost", path = "/", headers = {}, body, json, certificate, from } = written;
  const sent = Object.entries(headers).flatMap(([name, values]) =>
    // What stands around a value is no part of it (RFC 9110, section 5.5).
    [values].flat().map((value): [string, string] => [name.toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, "")]),
  );
  if (token !== null) sent.push(["authorization", `Bearer ${token}`]);
  if (apiKey !== null) sent.push([keyHeader, apiKey]);
  const isTyped = sent.some(([name]) => name === "content-type");
  if (json !== undefined && !isTyped) sent.push(["content-type", "application/json"]);
  const text = json === undefined ? body : JSON.stringify(json);
  return {
    method,
    authority: host,
    // To connect is asked of a host, and has no path.
    ...(method !== "CONNECT" && { path }),
    headers: sent,
    at,
    ...(text !== undefined && { body: Buffer.from(text) }),
    ...(certificate !== undefined && { peer: { uri: certificate, digest: certificateDigest(certificate) } }),
    ...(from !== undefined && { source: isIPv6(from) ? `[${from}]:443` : `${from}:443` }),
  };
}
