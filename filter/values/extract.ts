import { HeaderMap } from "proxy-wasm-as/header-map";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { Container } from "./container";
import { collectCookies } from "./cookie";
import { collectCredentials } from "./credentials";
import { breaksGrammar, HeaderTreatment, treatmentOf } from "./header-field";
import { collectPairs } from "./pairs";
import { collectPath } from "./path";
import { collectReferer } from "./referer";
import { Component, Source } from "./source";
import { Value, ValueKind } from "./value";

const QUERY: u8 = 0x3f;

/** Adds every value of a request's head: path, query, cookies, referer, and the headers worth scoring. */
export function extractFromHeaders(headers: HeaderMap, out: Value[]): void {
  const collector = new Collector(out);
  for (let i = 0; i < headers.size; i++) {
    const name = headers.name(i);
    const value = headers.value(i);
    const treatment = treatmentOf(name);
    if (treatment == HeaderTreatment.Path) {
      collectTarget(collector, value);
    } else if (treatment == HeaderTreatment.Cookies) {
      collectCookies(collector, headerSource(value));
    } else if (treatment == HeaderTreatment.Referer) {
      collectReferer(collector, name, headerSource(value));
    } else if (treatment == HeaderTreatment.Credentials) {
      collectCredentials(collector, name, headerSource(value));
    } else if (
      treatment == HeaderTreatment.FreeText ||
      (treatment == HeaderTreatment.FixedGrammar && breaksGrammar(name, value))
    ) {
      collector.add(ValueKind.Header, name, headerSource(value), 0, value.length, Container.Raw);
    }
  }
  collector.finish();
}

/** Adds every value of a body. False: it is in a form that can't be inspected (a character set that hides ASCII). */
export function extractFromBody(contentType: Uint8Array, body: Uint8Array, out: Value[]): bool {
  const collector = new Collector(out);
  const inspected = collectBody(collector, contentType, Source.of(Component.Body, body), 0);
  collector.finish();
  return inspected;
}

function headerSource(value: Uint8Array): Source {
  return Source.of(Component.Header, value);
}

/** `:path`: the path, and after the first `?` the query. */
function collectTarget(collector: Collector, target: Uint8Array): void {
  const mark = target.indexOf(QUERY);
  collectPath(collector, Source.of(Component.Path, mark < 0 ? target : target.subarray(0, mark)));
  if (mark < 0) return;
  const query = Source.of(Component.Query, target.subarray(mark + 1));
  collectPairs(collector, ValueKind.QueryName, ValueKind.QueryValue, query, 0);
}
