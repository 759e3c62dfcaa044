import { bytes } from "proxy-wasm-as/bytes";
import { decodeBase64 } from "../encoding/base64";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { unverifiedEnd } from "./base64-run";
import { Collector } from "./collector";
import { Container } from "./container";
import { matchesAt, skipWhitespace } from "./content-type";
import { breaksParameters, breaksToken68 } from "./header-grammar";
import { Source } from "./source";
import { ValueKind } from "./value";

const BASIC = bytes("basic ");
const SPACE: u8 = 0x20;

/**
 * An `authorization` field (RFC 9110, section 11.4): a scheme and a token or parameters. It is a credential, so it is a
 * value only where it breaks that grammar, or where user name and password (RFC 7617) hold more than words need; of a
 * signed token the header is one, which is read before the signature is checked, of one without a signature all.
 */
export function collectCredentials(collector: Collector, name: Uint8Array, source: Source): void {
  const field = source.text;
  const end = field.length;
  let scheme = 0;
  while (scheme < end && unchecked(field[scheme]) != SPACE) scheme += 1;
  const start = skipWhitespace(field, scheme);
  const rest = field.subarray(start);
  if (matchesAt(field, 0, BASIC) && !breaksToken68(rest)) {
    const pair = decodeBase64(rest);
    if (pair === null || !isHarmless(pair)) {
      collector.add(ValueKind.Header, name, source, start, end, Container.Raw);
    }
    return;
  }
  if (!breaksToken68(field.subarray(0, scheme)) && (!breaksToken68(rest) || !breaksParameters(rest))) {
    collector.add(ValueKind.Header, name, source, start, unverifiedEnd(field, start, end), Container.Raw);
    return;
  }
  collector.add(ValueKind.Header, name, source, 0, end, Container.Raw);
}

/** Letters, digits, and punctuation without which hardly an attack can do: quotes, brackets, space, `/ ; \ |` are missing. */
function isHarmless(pair: Uint8Array): bool {
  let previous: u8 = 0;
  for (let i = 0; i < pair.length; i++) {
    const byte = unchecked(pair[i]);
    const known =
      isLetterOrDigit(byte) ||
      byte == 0x21 ||
      (byte >= 0x23 && byte <= 0x26) ||
      (byte >= 0x2a && byte <= 0x2e) ||
      byte == 0x3a ||
      byte == 0x3d ||
      byte == 0x3f ||
      byte == 0x40 ||
      byte == 0x5e ||
      byte == 0x5f ||
      byte == 0x7e;
    if (!known || (byte == 0x2e && previous == 0x2e)) return false;
    previous = byte;
  }
  return true;
}
