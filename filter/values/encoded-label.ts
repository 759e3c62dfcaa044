import { Collector } from "./collector";
import { Container } from "./container";
import { hasOddEncodedWord } from "./encoded-word";
import { Source } from "./source";
import { ValueKind } from "./value";

/** A text of a message's head, with its encoded words (RFC 2047) undone and, where that could be an attack, as it came. */
export function collectLabel(
  collector: Collector,
  kind: ValueKind,
  name: Uint8Array,
  source: Source,
  from: i32,
  to: i32,
): void {
  collector.add(kind, name, source, from, to, Container.EncodedWords);
  if (to > from && hasOddEncodedWord(source.text.subarray(from, to))) {
    collector.add(kind, name, source, from, to, Container.Raw);
  }
}
