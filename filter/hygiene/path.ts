import { CompiledPolicy } from "../policy/compiled-policy";
import { matchRoute, NO_ROUTE } from "../policy/match";
import { DECODED_SLASH, decodePath, hasOverlong, normalisePath } from "./path-decoding";

/** What is wrong with a path. */
export const enum PathTrap {
  None,
  /** A control character, raw or percent-encoded. */
  Malformed,
  /** A dot segment, a raw backslash, overlong UTF-8, or a form that a lenient upstream would route elsewhere than the policy does. */
  Ambiguous,
}

const MAX_ROUNDS = 4;
const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;

/** Bytes that make a second look necessary: controls, `%`, `;`, `\`, DEL and everything outside ASCII. */
const special = new StaticArray<bool>(256);

function fillSpecial(): void {
  for (let i = 0; i < 256; i++) {
    special[i] = i < 0x20 || i > 0x7e || i == 0x25 || i == 0x3b || i == BACKSLASH;
  }
}
fillSpecial();

/**
 * Whether the raw path (without query) is taken for another by something behind us. `routeIndex` is what `matchRoute`
 * gave for it. The path is decoded up to four times; in each form slashes are merged and parameters removed, and it must
 * match the same route. Where only decoded slashes make the difference, it must not match another one: inside one
 * `{id}` or under a double asterisk they are data as long as no other route claims the decoded path.
 */
export function inspectPath(
  policy: CompiledPolicy,
  host: Uint8Array,
  method: Uint8Array,
  path: Uint8Array,
  routeIndex: i32,
): PathTrap {
  if (isEveryday(path)) return PathTrap.None;
  let length = path.length;
  const text = path.slice(0, length);
  const out = path.slice(0, length);
  // Nothing else that is wrong with a path, and that some rung lets pass, hides what none does.
  if (hasControl(text, length, false) || hasControl(out, decodePath(out, length), true)) return PathTrap.Malformed;
  for (let round = 0; round <= MAX_ROUNDS; round++) {
    if (round > 0) {
      const decoded = decodePath(text, length);
      if (decoded == length) return PathTrap.None;
      length = decoded;
    }
    if (round < 2 && (hasBackslash(text, length) || hasOverlong(text, length))) return PathTrap.Ambiguous;
    const whole = normalisePath(text, length, true, out);
    if (whole < 0) return PathTrap.Ambiguous;
    const split = hasDecodedSlash(text, length);
    if (split) {
      const claimed = matchRoute(policy, host, method, out.subarray(0, whole));
      if (claimed != routeIndex && claimed != NO_ROUTE) return PathTrap.Ambiguous;
    }
    const kept = split ? normalisePath(text, length, false, out) : whole;
    if (matchRoute(policy, host, method, out.subarray(0, kept)) != routeIndex) return PathTrap.Ambiguous;
  }
  return decodePath(text, length) == length ? PathTrap.None : PathTrap.Ambiguous;
}

/** No special byte, no empty segment, none that begins with a dot: nothing can be read in two ways. */
function isEveryday(path: Uint8Array): bool {
  let previous: u8 = 0;
  for (let i = 0; i < path.length; i++) {
    const byte = unchecked(path[i]);
    if (unchecked(special[byte])) return false;
    if (previous == SLASH && (byte == SLASH || byte == 0x2e)) return false;
    previous = byte;
  }
  return true;
}

function hasControl(text: Uint8Array, length: i32, decoded: bool): bool {
  for (let i = 0; i < length; i++) {
    const byte = unchecked(text[i]);
    if ((byte < 0x20 && !(decoded && byte == DECODED_SLASH)) || byte == 0x7f) return true;
  }
  return false;
}

/** A raw one: a decoded one became `DECODED_SLASH`. */
function hasBackslash(text: Uint8Array, length: i32): bool {
  for (let i = 0; i < length; i++) if (unchecked(text[i]) == BACKSLASH) return true;
  return false;
}

function hasDecodedSlash(text: Uint8Array, length: i32): bool {
  for (let i = 0; i < length; i++) if (unchecked(text[i]) == DECODED_SLASH) return true;
  return false;
}
