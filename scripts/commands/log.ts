import { chooseVerb } from "./choose-verb.ts";
import { logShow, showUsage } from "./log-show.ts";
import { logVerify, verifyUsage } from "./log-verify.ts";

const usage = `${showUsage}
       ${verifyUsage}`;

/** `log show`, `log verify`. */
export async function log([verb, ...args]: string[]): Promise<number> {
  return chooseVerb({ show: logShow, verify: logVerify }, usage, verb)(args);
}
