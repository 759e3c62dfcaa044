import { Collector } from "./collector";
import { Container } from "./container";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { ValueKind } from "./value";

const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;

/** Name and value of each cookie of one `cookie` field (RFC 6265, section 4.2); quotes around a value are not its own. */
export function collectCookies(collector: Collector, source: Source): void {
  const field = source.text;
  const end = field.length;
  let number = 0;
  for (let at = 0; at < end; number++) {
    while (at < end && unchecked(field[at]) == SPACE) at += 1;
    let equals = -1;
    let stop = at;
    while (stop < end && unchecked(field[stop]) != SEMICOLON) {
      if (equals < 0 && unchecked(field[stop]) == EQUALS) equals = stop;
      stop += 1;
    }
    const nameEnd = equals < 0 ? at : equals;
    if (!isPlainName(field, at, nameEnd)) {
      collector.add(ValueKind.CookieName, collector.number(number), source, at, nameEnd, Container.Raw);
    }
    let value = equals < 0 ? at : equals + 1;
    let valueEnd = stop;
    if (valueEnd - value > 1 && unchecked(field[value]) == QUOTE && unchecked(field[valueEnd - 1]) == QUOTE) {
      value += 1;
      valueEnd -= 1;
    }
    const name = collector.name(field, at, nameEnd);
    collector.add(ValueKind.CookieValue, name, source, value, valueEnd, Container.Raw);
    at = stop + 1;
  }
}
