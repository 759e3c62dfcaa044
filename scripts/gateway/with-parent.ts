import { findOnPath } from "../find-on-path.ts";

/**
 * On Linux, where util-linux's `setpriv` is there, the command as one that ends with this process however this
 * one ends (prctl(2), PR_SET_PDEATHSIG); `setpriv` replaces itself by the command. Elsewhere the command unchanged.
 */
export function withParent(command: string, args: readonly string[]): [command: string, args: string[]] {
  return setpriv ? [setpriv, ["--pdeathsig", "TERM", "--", command, ...args]] : [command, [...args]];
}

const setpriv = process.platform === "linux" ? findOnPath("setpriv") : null;
