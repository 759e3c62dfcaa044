import { logShow } from "./log-show.ts";
import { logVerify } from "./log-verify.ts";
import { UsageError } from "./usage-error.ts";

/** `log show`, `log verify`. */
export async function log([verb, ...args]: string[]): Promise<number> {
  if (verb === "show") return logShow(args);
  if (verb === "verify") return logVerify(args);
  throw new UsageError("usage: postern log show …, or postern log verify DIR");
}
