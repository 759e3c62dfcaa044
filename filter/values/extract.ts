import { HeaderMap } from "proxy-wasm-as/header-map";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { ContentLayers, LayersOutcome } from "./content-layers";
import { collectCookies } from "./cookie";
import { collectCredentials } from "./credentials";
import { Container } from "./decode";
import { breaksGrammar, HeaderTreatment, treatmentOf } from "./header-field";
import { collectPairs } from "./pairs";
import { collectPath } from "./path";
import { collectReferer } from "./referer";
import { RequestBody } from "./request-body";
import { collectTextRuns } from "./text-runs";
import { Component, Value, ValueKind } from "./value";

const QUERY: u8 = 0x3f;
const NO_NAME = new Uint8Array(0);

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
      collectCookies(collector, value);
    } else if (treatment == HeaderTreatment.Referer) {
      collectReferer(collector, name, value);
    } else if (treatment == HeaderTreatment.Credentials) {
      collectCredentials(collector, name, value);
    } else if (
      treatment == HeaderTreatment.FreeText ||
      (treatment == HeaderTreatment.FixedGrammar && breaksGrammar(name, value))
    ) {
      collector.add(ValueKind.Header, Component.Header, name, value, 0, value.length, Container.Raw);
    }
  }
  collector.finish();
}

export const enum BodyOutcome {
  Inspected,
  /** In a coding or a character set in which nothing is seen. */
  Opaque,
  /** Inflated it is over the limit: not inspected, or, where it is judged by its first bytes, not beyond them. */
  TooLarge,
}

/**
 * Adds every value of a body: of its content, once its codings are undone, and of what was sent, for servers that
 * don't undo them.
 */
export function extractFromBody(body: RequestBody, out: Value[]): BodyOutcome {
  const codings = body.codings;
  if (codings === null) return BodyOutcome.Opaque;
  const layers = new ContentLayers(body.bytes, codings, body.isCut, body.limit);
  if (layers.outcome == LayersOutcome.Opaque) return BodyOutcome.Opaque;
  const isTooLarge = layers.outcome == LayersOutcome.TooLarge;
  if (isTooLarge && !body.judgedByPrefix) return BodyOutcome.TooLarge;
  const collector = new Collector(out, layers.codings, body.bytes.length);
  const inspected = collectBody(collector, body.contentType, layers.content, false);
  collector.finish();
  for (let i = 0; i < layers.sources.length; i++) {
    const asSent = new Collector(out, layers.codings.slice(0, i), body.bytes.length);
    collectGzipTexts(asSent, layers.sources[i], layers.texts[i]);
    collectTextRuns(asSent, ValueKind.Text, NO_NAME, layers.sources[i]);
    asSent.finish();
  }
  if (!inspected) return BodyOutcome.Opaque;
  return isTooLarge ? BodyOutcome.TooLarge : BodyOutcome.Inspected;
}

function collectGzipTexts(collector: Collector, source: Uint8Array, ranges: i32[]): void {
  for (let i = 0; i < ranges.length; i += 2) {
    collector.add(ValueKind.Text, Component.Body, NO_NAME, source, ranges[i], ranges[i + 1], Container.Raw);
  }
}

/** `:path`: the path, and after the first `?` the query. */
function collectTarget(collector: Collector, target: Uint8Array): void {
  const mark = target.indexOf(QUERY);
  collectPath(collector, mark < 0 ? target : target.subarray(0, mark));
  if (mark < 0) return;
  const query = target.subarray(mark + 1);
  collectPairs(collector, Component.Query, ValueKind.QueryName, ValueKind.QueryValue, query, 0, query.length);
}
