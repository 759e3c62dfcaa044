import { hexDigit } from "./hex";
import { rewrite } from "./rewrite";

const AMPERSAND: u8 = 0x26;
const HASH: u8 = 0x23;
const SEMICOLON: u8 = 0x3b;
const LOWER_X: u8 = 0x78;
const LONGEST_NAME = 8;
const TOO_LARGE: u32 = 0x110000;
const REPLACEMENT_CHARACTER: u32 = 0xfffd;

/** Names packed little-endian, lower case, and the character each stands for. */
const names = new Array<u64>();
const characters = new Array<u8>();

/** The names that carry syntax of an attack; letters with accents and symbols stay as they are. */
function define(name: string, character: u8): void {
  let packed: u64 = 0;
  for (let i = 0; i < name.length; i++) packed |= (<u64>name.charCodeAt(i)) << (8 * i);
  names.push(packed);
  characters.push(character);
}
define("lt", 0x3c);
define("gt", 0x3e);
define("amp", 0x26);
define("quot", 0x22);
define("apos", 0x27);
define("nbsp", 0x20);
define("tab", 0x09);
define("newline", 0x0a);
define("colon", 0x3a);
define("semi", 0x3b);
define("comma", 0x2c);
define("period", 0x2e);
define("excl", 0x21);
define("num", 0x23);
define("dollar", 0x24);
define("percnt", 0x25);
define("lpar", 0x28);
define("rpar", 0x29);
define("ast", 0x2a);
define("midast", 0x2a);
define("plus", 0x2b);
define("sol", 0x2f);
define("bsol", 0x5c);
define("equals", 0x3d);
define("quest", 0x3f);
define("commat", 0x40);
define("lsqb", 0x5b);
define("lbrack", 0x5b);
define("rsqb", 0x5d);
define("rbrack", 0x5d);
define("lcub", 0x7b);
define("lbrace", 0x7b);
define("rcub", 0x7d);
define("rbrace", 0x7d);
define("vert", 0x7c);
define("verbar", 0x7c);
define("grave", 0x60);
define("lowbar", 0x5f);
define("underbar", 0x5f);
define("hat", 0x5e);

/** How many of the first names HTML also takes without their semicolon, whatever follows. */
const BARE_NAMES = 4;

/**
 * HTML character references (HTML standard, section 13.5) in the first `length` bytes, in place: decimal and
 * hexadecimal, with or without the semicolon, and the few names above in any case. Gives the new length; an unchanged
 * length means unchanged bytes.
 */
export function decodeHtmlEntities(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(AMPERSAND, AMPERSAND)) {
    const at = pass.read;
    let after = 0;
    if (at + 2 < length) {
      const numeric = unchecked(text[at + 1]) == HASH;
      after = numeric ? readNumeric(text, at + 2, length) : readNamed(text, at + 1, length);
    }
    if (after != 0) pass.putPoint(referencedPoint, after - at);
    else pass.keep();
  }
  return pass.finish();
}

/** What the last reference that was read stands for. */
let referencedPoint: u32 = 0;

/** Both give the position after the reference, or 0 when there is none. */
function readNumeric(text: Uint8Array, at: i32, end: i32): i32 {
  const hexadecimal = (unchecked(text[at]) | 0x20) == LOWER_X;
  const base: u32 = hexadecimal ? 16 : 10;
  if (hexadecimal) at += 1;
  const start = at;
  let point: u32 = 0;
  while (at < end) {
    const digit = <u32>hexDigit(unchecked(text[at]));
    if (digit >= base) break;
    point = min(point * base + digit, TOO_LARGE);
    at += 1;
  }
  if (at == start) return 0;
  referencedPoint = point == TOO_LARGE ? REPLACEMENT_CHARACTER : point;
  return at < end && unchecked(text[at]) == SEMICOLON ? at + 1 : at;
}

function readNamed(text: Uint8Array, at: i32, end: i32): i32 {
  const most = min(end, at + LONGEST_NAME);
  let name: u64 = 0;
  let shift: u64 = 0;
  let stop = at;
  while (stop < most) {
    const letter = unchecked(text[stop]) | 0x20;
    if (letter < 0x61 || letter > 0x7a) break;
    name |= (<u64>letter) << shift;
    shift += 8;
    stop += 1;
  }
  if (stop < end && unchecked(text[stop]) == SEMICOLON) {
    for (let i = 0; i < names.length; i++) {
      if (unchecked(names[i]) != name) continue;
      referencedPoint = unchecked(characters[i]);
      return stop + 1;
    }
  }
  for (let i = 0; i < BARE_NAMES; i++) {
    const bare = unchecked(names[i]);
    const bits = 64 - clz<u64>(bare);
    if ((name & (~(<u64>0) >> (64 - bits))) != bare) continue;
    referencedPoint = unchecked(characters[i]);
    return at + <i32>((bits + 7) >> 3);
  }
  return 0;
}
