import { joined, spaced } from "../encoding/spaced";
import { Evaluation } from "../evaluate";

const SPACE: u8 = 0x20;
const PERCENT: u8 = 0x25;
const COMMA: u8 = 0x2c;
const HEX = "0123456789ABCDEF";

/** The header fields that tell the upstream who asks: names and values in turn. */
export function identityFields(evaluation: Evaluation): Uint8Array[] {
  const policy = evaluation.policy;
  const subject = evaluation.authentication.subject;
  const fields: Uint8Array[] = [];
  const issuer = subject.issuer;
  if (issuer !== null) {
    tell(fields, policy.subjectHeader, subject.subject);
    tell(fields, policy.issuerHeader, issuer.issuer);
    tell(fields, policy.scopesHeader, spaced(subject.scopes));
  }
  const told = policy.toldClaims;
  for (let i = 1; i < told.length; i += 2) tellClaim(fields, told[i], subject.claims.scalars(told[i - 1]));
  tell(fields, policy.workloadHeader, subject.workload);
  tell(fields, policy.keyNameHeader, subject.apiKey);
  const assertion = evaluation.assertion;
  const form = policy.assertion;
  // A compact JWS: nothing in it needs encoding.
  if (assertion !== null && form !== null && assertion.token.length > 0) {
    fields.push(form.header);
    fields.push(assertion.token);
  }
  return fields;
}

/** Several texts are separated by commas; those within a text are percent-encoded. */
function tellClaim(fields: Uint8Array[], name: Uint8Array, texts: Uint8Array[]): void {
  for (let i = 0; i < texts.length; i++) texts[i] = encoded(texts[i], COMMA);
  const value = joined(texts, COMMA);
  if (value.length == 0) return;
  fields.push(name);
  fields.push(value);
}

function tell(fields: Uint8Array[], name: Uint8Array, value: Uint8Array): void {
  if (value.length == 0) return;
  fields.push(name);
  fields.push(encoded(value, PERCENT));
}

/**
 * Percent-encodes (RFC 3986 section 2.1) what is not a visible ASCII character or an inner space, `%` itself and the
 * separator: no two subjects look the same upstream, where outer spaces of a field are lost.
 */
function encoded(value: Uint8Array, separator: u8): Uint8Array {
  if (isPlain(value, separator)) return value;
  let hidden = 0;
  for (let i = 0; i < value.length; i++) if (!isKept(value, i, separator)) hidden++;
  const text = new Uint8Array(value.length + 2 * hidden);
  let at = 0;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    if (isKept(value, i, separator)) {
      text[at++] = byte;
    } else {
      text[at++] = PERCENT;
      text[at++] = <u8>HEX.charCodeAt(byte >> 4);
      text[at++] = <u8>HEX.charCodeAt(byte & 15);
    }
  }
  return text;
}

/** Whether nothing needs encoding, and there is no space to look at more closely. */
function isPlain(value: Uint8Array, separator: u8): bool {
  const end = value.dataStart + value.length;
  for (let at = value.dataStart; at < end; at++) {
    const byte = load<u8>(at);
    if (<u32>byte - 0x21 >= 0x5e || byte == PERCENT || byte == separator) return false;
  }
  return true;
}

function isKept(value: Uint8Array, index: i32, separator: u8): bool {
  const byte = unchecked(value[index]);
  if (byte == SPACE) return index > 0 && index < value.length - 1;
  return byte > SPACE && byte < 0x7f && byte != PERCENT && byte != separator;
}
