import { bytes, equal } from "proxy-wasm-as/bytes";

/** Headers whose grammar is little more than an alphabet: each function tells whether a value leaves it. */

const UNKNOWN = bytes("unknown");
const NULL = bytes("null");
const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const address = alphabet(`${DIGITS}abcdefABCDEF.:[]`);
const host = alphabet(`${LETTERS + DIGITS}.-_:[]`);
const entityTag = alphabet(`${LETTERS + DIGITS}.-_:+/=;"*`);
const mailbox = alphabet(`${LETTERS + DIGITS}.-_+@`);
const number = alphabet(`${DIGITS}.`);
const rangeSet = alphabet(`${DIGITS}-,/* `);
const scheme = alphabet(`${LETTERS + DIGITS}+.-`);
const clientCertificate = alphabet(`${LETTERS + DIGITS} !"%&*+,-./:;=?@[]_~`);
const key = alphabet(`${LETTERS + DIGITS}.`);
const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const SEMICOLON: u8 = 0x3b;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const SLASH: u8 = 0x2f;
const EQUALS: u8 = 0x3d;

/** A list of IP addresses, with or without a port, and `unknown`. */
export function breaksAddresses(value: Uint8Array): bool {
  return breaksList(value, address, UNKNOWN);
}

export function breaksHosts(value: Uint8Array): bool {
  return breaksList(value, host, NULL);
}

/** A list of RFC 9110, section 8.8.3, quoted or not. */
export function breaksEntityTags(value: Uint8Array): bool {
  return breaksList(value, entityTag, NULL);
}

/** `null`, or scheme and authority (RFC 6454, section 7.1). */
export function breaksOrigin(value: Uint8Array): bool {
  if (value.length == 0 || equal(value, NULL)) return false;
  const colon = spanEnd(value, 0, scheme);
  if (colon == 0 || colon + 3 > value.length || value[colon] != COLON) return true;
  if (value[colon + 1] != SLASH || value[colon + 2] != SLASH) return true;
  return breaksAlphabet(value.subarray(colon + 3), host);
}

/** An address without a name. */
export function breaksMailbox(value: Uint8Array): bool {
  return breaksAlphabet(value, mailbox);
}

export function breaksNumber(value: Uint8Array): bool {
  return breaksAlphabet(value, number);
}

/** `bytes=0-499, -500`, and `bytes 0-499/1000` of content-range (RFC 9110, sections 14.1 and 14.4). */
export function breaksRange(value: Uint8Array): bool {
  const unit = spanEnd(value, 0, scheme);
  if (unit == value.length || unit == 0 || (value[unit] != EQUALS && value[unit] != SPACE)) return value.length > 0;
  return spanEnd(value, unit + 1, rangeSet) != value.length;
}

/**
 * Envoy's own: pairs of key and value, of which a quoted one may be a distinguished name, pairs again. Without a space but
 * in quotes, and with nothing behind `;` and `,` but the next pair.
 */
export function breaksClientCertificate(value: Uint8Array): bool {
  if (value.length > 0 && !isPair(value, 0)) return true;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    if (byte == QUOTE) quoted = !quoted;
    else if (byte == SPACE && !quoted) return true;
    else if ((byte == SEMICOLON || byte == COMMA) && !isPair(value, i + 1)) return true;
  }
  return quoted || breaksAlphabet(value, clientCertificate);
}

/** Whether a key and `=` stand at `at`: a word, or the dotted number of an attribute. */
function isPair(value: Uint8Array, at: i32): bool {
  const end = spanEnd(value, at, key);
  return end > at && end < value.length && value[end] == EQUALS;
}

/** Whether an element between commas, without the spaces around it, is neither `word` nor within the alphabet. */
function breaksList(value: Uint8Array, known: StaticArray<bool>, word: Uint8Array): bool {
  let start = 0;
  while (start < value.length) {
    let stop = start;
    while (stop < value.length && unchecked(value[stop]) != COMMA) stop += 1;
    let end = stop;
    while (start < end && unchecked(value[start]) == SPACE) start += 1;
    while (end > start && unchecked(value[end - 1]) == SPACE) end -= 1;
    const element = value.subarray(start, end);
    if (!equal(element, word) && breaksAlphabet(element, known)) return true;
    start = stop + 1;
  }
  return false;
}

/** Whether there is a byte outside the alphabet, two dots in a row, a comment's begin or end, or a slash at the start. */
function breaksAlphabet(value: Uint8Array, known: StaticArray<bool>): bool {
  let previous: u8 = SLASH;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    if (!unchecked(known[byte]) || (byte == 0x2e && previous == 0x2e)) return true;
    if (byte == SLASH && previous == 0x2a) return true;
    if (i == 0 ? byte == SLASH : previous == SLASH && byte == 0x2a) return true;
    previous = byte;
  }
  return false;
}

function spanEnd(value: Uint8Array, at: i32, known: StaticArray<bool>): i32 {
  while (at < value.length && unchecked(known[unchecked(value[at])])) at += 1;
  return at;
}

function alphabet(characters: string): StaticArray<bool> {
  const known = new StaticArray<bool>(256);
  for (let i = 0; i < characters.length; i++) known[characters.charCodeAt(i) & 0xff] = true;
  return known;
}
