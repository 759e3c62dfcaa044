import { isBlank } from "../encoding/blank";
import { Collector } from "./collector";
import { Container } from "./container";
import { boundaryByLook, boundaryOf, holdsEntities } from "./multipart-boundary";
import { collectPart, PartOutcome } from "./multipart-part";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";

export const enum MultipartOutcome {
  WellFormed,
  /** Readers may see other parts in it than were found. */
  Malformed,
  /** A part is one of which nothing would be seen: `collectBody`. */
  Hidden,
}

const DASH: u8 = 0x2d;
const CARRIAGE_RETURN: u8 = 0x0d;
const LINE_FEED: u8 = 0x0a;

export function looksLikeMultipart(body: Uint8Array): bool {
  return boundaryByLook(body).length > 0;
}

/**
 * The parts of a multipart body (RFC 2046, section 5.1), and the text before and after them; `depth`: of how many such
 * bodies it is a part. Linear.
 */
export function collectMultipart(
  collector: Collector,
  contentType: Uint8Array,
  source: Source,
  depth: i32,
): MultipartOutcome {
  const body = source.text;
  let boundary = boundaryOf(contentType);
  let malformed = boundary.length == 0 && contentType.length > 0;
  if (boundary.length == 0) boundary = boundaryByLook(body);
  if (boundary.length == 0) return MultipartOutcome.Malformed;
  const entities = depth > 0 || holdsEntities(contentType);
  let hidden = false;
  let closed = false;
  let part = -1;
  let number = 0;
  for (let at = 0; at < body.length && !closed; ) {
    const delimited = isDelimiter(body, at, boundary);
    let end = delimited ? at + 2 + boundary.length : at;
    const closing = delimited && end + 1 < body.length && body[end] == DASH && body[end + 1] == DASH;
    if (closing) end += 2;
    while (delimited && end < body.length && isBlank(body[end])) end += 1;
    const whole = delimited && (end == body.length || isLineBreak(body[end]));
    while (end < body.length && !isLineBreak(body[end])) end += 1;
    const next = min(end + breakLength(body, end), body.length);
    if (whole) {
      const before = at > 1 && body[at - 2] == CARRIAGE_RETURN && body[at - 1] == LINE_FEED ? 2 : min(at, 1);
      malformed = malformed || before == 1 || (end < body.length && next - end != 2);
      const stop = max(at - before, part);
      if (part < 0) {
        addText(collector, source, 0, stop);
      } else {
        const outcome = collectPart(collector, source, part, stop, number++, entities, depth);
        malformed = malformed || outcome == PartOutcome.Malformed;
        hidden = hidden || outcome == PartOutcome.Hidden;
      }
      part = next;
      closed = closing;
    } else {
      malformed = malformed || delimited;
    }
    at = next;
  }
  if (part >= 0 && closed) {
    addText(collector, source, part, body.length);
  } else if (part >= 0) {
    hidden = collectPart(collector, source, part, body.length, number, entities, depth) == PartOutcome.Hidden || hidden;
  }
  if (hidden) return MultipartOutcome.Hidden;
  return malformed || !closed ? MultipartOutcome.Malformed : MultipartOutcome.WellFormed;
}

/** What stands outside the parts, which readers should ignore. */
function addText(collector: Collector, source: Source, start: i32, end: i32): void {
  const body = source.text;
  while (start < end && isWhitespace(unchecked(body[start]))) start += 1;
  collector.add(ValueKind.Text, collector.name(body, 0, 0), source, start, end, Container.Raw);
}

function isDelimiter(body: Uint8Array, at: i32, boundary: Uint8Array): bool {
  if (body.length - at < boundary.length + 2 || body[at] != DASH || body[at + 1] != DASH) return false;
  return memory.compare(body.dataStart + at + 2, boundary.dataStart, boundary.length) == 0;
}

function isLineBreak(byte: u8): bool {
  return byte == CARRIAGE_RETURN || byte == LINE_FEED;
}

/** Of the line break at `at`: 2 for CRLF. */
function breakLength(body: Uint8Array, at: i32): i32 {
  return at + 1 < body.length && body[at] == CARRIAGE_RETURN && body[at + 1] == LINE_FEED ? 2 : 1;
}
