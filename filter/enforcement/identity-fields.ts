import { spaced } from "../encoding/spaced";
import { Subject } from "../identity/subject";
import { CompiledPolicy } from "../policy/compiled-policy";

const SPACE: u8 = 0x20;
const PERCENT: u8 = 0x25;
const HEX = "0123456789ABCDEF";

/** The header fields that tell the upstream who asks: names and values in turn. */
export function identityFields(subject: Subject, policy: CompiledPolicy): Uint8Array[] {
  const fields: Uint8Array[] = [];
  const issuer = subject.issuer;
  if (issuer !== null) {
    tell(fields, policy.subjectHeader, subject.subject);
    tell(fields, policy.issuerHeader, issuer.issuer);
    tell(fields, policy.scopesHeader, spaced(subject.scopes));
  }
  tell(fields, policy.workloadHeader, subject.workload);
  tell(fields, policy.keyNameHeader, subject.apiKey);
  return fields;
}

function tell(fields: Uint8Array[], name: Uint8Array, value: Uint8Array): void {
  if (value.length == 0) return;
  fields.push(name);
  fields.push(visible(value));
}

/**
 * Percent-encodes (RFC 3986 section 2.1) what is not a visible ASCII character or an inner space, and `%` itself: no two
 * subjects look the same upstream, where outer spaces of a field are lost.
 */
function visible(value: Uint8Array): Uint8Array {
  let hidden = 0;
  for (let i = 0; i < value.length; i++) if (!isKept(value, i)) hidden++;
  if (hidden == 0) return value;
  const encoded = new Uint8Array(value.length + 2 * hidden);
  let at = 0;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    if (isKept(value, i)) {
      encoded[at++] = byte;
    } else {
      encoded[at++] = PERCENT;
      encoded[at++] = <u8>HEX.charCodeAt(byte >> 4);
      encoded[at++] = <u8>HEX.charCodeAt(byte & 15);
    }
  }
  return encoded;
}

function isKept(value: Uint8Array, index: i32): bool {
  const byte = unchecked(value[index]);
  if (byte == SPACE) return index > 0 && index < value.length - 1;
  return byte > SPACE && byte < 0x7f && byte != PERCENT;
}
