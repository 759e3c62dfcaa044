import { isIPv6 } from "node:net";
import type { EvaluationRequest } from "../core.ts";
import type { WrittenRequest } from "./cases.ts";
import { certificateDigest } from "./stand-in.ts";

/** The request as Envoy would give it to the filter. `token`: its bearer token, signed; null: none. */
export function evaluationRequest(written: WrittenRequest, token: string | null, at: number): EvaluationRequest {
  const { method = "GET", host = "localhost", path = "/", headers = {}, body, json, certificate, from } = written;
  const sent = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name.toLowerCase(), value]),
  );
  if (token !== null) sent.push(["authorization", `Bearer ${token}`]);
  const isTyped = sent.some(([name]) => name === "content-type");
  if (json !== undefined && !isTyped) sent.push(["content-type", "application/json"]);
  const text = json === undefined ? body : JSON.stringify(json);
  return {
    method,
    authority: host,
    path,
    headers: sent,
    at,
    ...(text !== undefined && { body: Buffer.from(text) }),
    ...(certificate !== undefined && { peer: { uri: certificate, digest: certificateDigest(certificate) } }),
    ...(from !== undefined && { source: isIPv6(from) ? `[${from}]:443` : `${from}:443` }),
  };
}
