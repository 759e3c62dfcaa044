import { bytes } from "proxy-wasm-as/bytes";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { Container } from "./container";
import { matchesAt } from "./content-type";
import { collectField } from "./field";
import { treatmentInMessage } from "./header-field";
import { HeaderTreatment } from "./header-name";
import { endsLine, lineEnd, MessageHead } from "./message-head";
import { MultipartOutcome } from "./multipart";
import { Source } from "./source";
import { collectTarget } from "./target";

const VERSION = bytes("http/");
const VERSION_BYTES = 8;
const MAX_METHOD_BYTES = 20;
const SPACE: u8 = 0x20;
const SLASH: u8 = 0x2f;

/**
 * A request of HTTP as a text (RFC 9112), as parts of a batch are: its target, the headers worth scoring, and the body as
 * its content type says.
 */
export function collectHttpMessage(collector: Collector, source: Source, depth: i32): MultipartOutcome {
  const text = source.text;
  const end = lineEnd(text, 0);
  let target = 0;
  while (target < end && target <= MAX_METHOD_BYTES && isUpperCase(unchecked(text[target]))) target += 1;
  if (target == 0 || target >= end || unchecked(text[target]) != SPACE || !endsLine(text, end))
    return MultipartOutcome.Malformed;
  target += 1;
  const stop = targetEnd(text, target, end);
  if (stop <= target) return MultipartOutcome.Malformed;
  const head = new MessageHead(text, min(end + 2, text.length));
  if (head.malformed || head.isCoded) return MultipartOutcome.Malformed;
  collectTarget(collector, source.within(target, stop, Container.Raw));
  const fields = head.fields;
  for (let i = 0; i < fields.length; i += 4) {
    const name = text.subarray(fields[i], fields[i + 1]);
    const value = source.within(fields[i + 2], fields[i + 3], Container.Raw);
    const treatment = treatmentInMessage(name, value.text);
    if (treatment != HeaderTreatment.Ignored) collectField(collector, treatment, name, value);
  }
  const body = source.within(head.end, text.length, Container.Raw);
  const inspected = collectBody(collector, head.contentType, body, depth + 1);
  return inspected ? MultipartOutcome.WellFormed : MultipartOutcome.Hidden;
}

/** Where the target ends that begins at `start`, before the version, which a batch may leave out; -1: it is none. */
function targetEnd(text: Uint8Array, start: i32, end: i32): i32 {
  const version = end - VERSION_BYTES;
  if (version > start && unchecked(text[version - 1]) == SPACE && matchesAt(text, version, VERSION)) return version - 1;
  return start < end && unchecked(text[start]) == SLASH ? end : -1;
}

function isUpperCase(byte: u8): bool {
  return byte >= 0x41 && byte <= 0x5a;
}
