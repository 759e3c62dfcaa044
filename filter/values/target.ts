import { bytes } from "proxy-wasm-as/bytes";
import { Collector } from "./collector";
import { Container } from "./container";
import { matchesAt } from "./content-type";
import { Pairs } from "./pairs";
import { collectPath } from "./path";
import { collectReferer } from "./referer";
import { Source } from "./source";
import { ValueKind } from "./value";

const HTTP = bytes("http");
const NAME = bytes("target");
const QUERY: u8 = 0x3f;

/** The target of a request that stands in a body: path and query, or a whole URL. */
export function collectTarget(collector: Collector, target: Source): void {
  const text = target.text;
  if (matchesAt(text, 0, HTTP)) {
    collectReferer(collector, NAME, target);
    return;
  }
  const mark = text.indexOf(QUERY);
  const end = mark < 0 ? text.length : mark;
  collectPath(collector, target.within(0, end, Container.Raw));
  if (mark >= 0) new Pairs(collector, ValueKind.QueryName, ValueKind.QueryValue, target, mark + 1).collectRest();
}
