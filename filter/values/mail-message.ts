import { collectBody } from "./body";
import { Collector } from "./collector";
import { Container } from "./container";
import { collectLabel } from "./encoded-label";
import { isDate } from "./header-date";
import { breaksEntityField, MessageHead } from "./message-head";
import { MultipartOutcome } from "./multipart";
import { Source } from "./source";
import { ValueKind } from "./value";

/**
 * A message of mail (RFC 5322): each field that is more than a list of tokens, a date or an identifier, and the content,
 * its transfer encoding undone and as it came.
 */
export function collectMailMessage(collector: Collector, source: Source, depth: i32): MultipartOutcome {
  const text = source.text;
  const head = new MessageHead(text, 0);
  if (head.malformed || head.isCoded || head.fields.length == 0) return MultipartOutcome.Malformed;
  const fields = head.fields;
  for (let i = 0; i < fields.length; i += 4) {
    const from = fields[i + 2];
    const to = fields[i + 3];
    const value = text.subarray(from, to);
    if (isDate(value) || !breaksEntityField(value)) continue;
    const name = collector.name(text, fields[i], fields[i + 1]);
    collectLabel(collector, ValueKind.Header, name, source, from, to);
  }
  const encoded = head.encoding != Container.Raw;
  const asSent = source.within(head.end, text.length, Container.Raw);
  let inspected = collectBody(collector, head.contentType, asSent, depth + 1);
  if (encoded) {
    const content = source.within(head.end, text.length, head.encoding);
    inspected = collectBody(collector, head.contentType, content, depth + 1) && inspected;
  }
  return inspected ? MultipartOutcome.WellFormed : MultipartOutcome.Hidden;
}
