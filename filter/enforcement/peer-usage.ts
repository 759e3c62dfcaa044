import { bytes, equal, getProperty } from "proxy-wasm-as";
import { decodeBase64 } from "../encoding/base64";
import { percentDecoded } from "../encoding/percent";
import { maySign } from "../identity/signing-certificate";

/** Set by the rendered listener: the client certificate as PEM, percent-encoded. */
const CERTIFICATE = bytes("filter_state\0postern.peer_certificate");
const NEWLINE: u8 = 0x0a;
const DASH: u8 = 0x2d;

/** The certificate that was looked at last, as the host told it, and what was found: a connection has one for all its requests. */
let known: Uint8Array = new Uint8Array(0);
let knownMaySign: bool = false;

/** Whether the client certificate of the connection may sign others; false also where the listener does not tell. */
export function peerMaySign(): bool {
  const told = getProperty(CERTIFICATE);
  if (told === null) return false;
  if (!equal(told, known)) {
    const der = decodePem(percentDecoded(told, false));
    knownMaySign = der === null || maySign(der);
    known = told.slice();
  }
  return knownMaySign;
}

/** The bytes between the two lines of a PEM text (RFC 7468 section 2); null: there are none. */
function decodePem(text: Uint8Array): Uint8Array | null {
  const start = text.indexOf(NEWLINE);
  const end = text.indexOf(DASH, max(start, 0));
  if (start < 0 || end < 0) return null;
  const base64 = new Uint8Array(end - start);
  let length = 0;
  for (let i = start; i < end; i++) if (unchecked(text[i]) != NEWLINE) base64[length++] = unchecked(text[i]);
  return decodeBase64(base64.subarray(0, length));
}
