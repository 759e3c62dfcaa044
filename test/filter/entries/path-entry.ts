import { inspectPath } from "../../../filter/hygiene/path";
import { CompiledPolicy } from "../../../filter/policy/compiled-policy";
import { matchRoute } from "../../../filter/policy/match";

export const Uint8Array_ID = idof<Uint8Array>();

let policy: CompiledPolicy | null = null;

export function decode(blob: Uint8Array): bool {
  policy = CompiledPolicy.decode(blob);
  return policy !== null;
}

/** The trap of a path under its own route. */
export function inspect(host: Uint8Array, method: Uint8Array, path: Uint8Array): i32 {
  return inspectPath(policy!, host, method, path, matchRoute(policy!, host, method, path));
}
