import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { MIN_RUN_BYTES, runEnd } from "./text-runs";
import { ValueKind } from "./value";

/** Of fewer bytes nothing is made. */
const MIN_BYTES = 4;

/**
 * The texts of a binary content that stand behind their lengths, and runs of text that are long enough to be some without.
 * What is shorter and has no length before it is a number's bytes. Linear: no text is looked at twice.
 */
export function collectPrefixedTexts(collector: Collector, kind: ValueKind, name: Uint8Array, source: Source): void {
  const content = source.text;
  for (let start = 0, end = 0; start < content.length; start = end + 1) {
    end = runEnd(content, start);
    if (end - start >= MIN_RUN_BYTES) {
      collector.add(kind, name, source, start, end, Container.Raw);
      continue;
    }
    // A length may look like text itself.
    for (let at = max(start - 1, 0); at + MIN_BYTES < end; at++) {
      const size = sizeAt(content, at, end);
      if (size == 0) continue;
      collector.add(kind, name, source, at + 1, at + 1 + size, Container.Raw);
      at += size;
    }
  }
}

/**
 * The length that ends at `at`, of at most what is left up to `end`; 0: there is none. It is that of one byte (also the last
 * of a longer one, most significant first), its double with or without one more (Avro, AMF 3), or four bytes, least
 * significant first, that count a closing NUL (BSON).
 */
function sizeAt(content: Uint8Array, at: i32, end: i32): i32 {
  const room = end - at - 1;
  const byte = <i32>unchecked(content[at]);
  if (byte == 0) {
    if (at < 3 || unchecked(content[at - 1]) != 0 || unchecked(content[at - 2]) != 0) return 0;
    const size = <i32>unchecked(content[at - 3]) - 1;
    return size == room && end < content.length && unchecked(content[end]) == 0 ? size : 0;
  }
  if (byte >= MIN_BYTES && byte <= room) return byte;
  const half = byte >> 1;
  return half >= MIN_BYTES && half <= room ? half : 0;
}
