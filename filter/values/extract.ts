import { HeaderMap } from "proxy-wasm-as/header-map";
import { collectTextRuns } from "./binary-content";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { Container } from "./container";
import { ContentLayers, LayersOutcome } from "./content-layers";
import { Decoding } from "./decoding";
import { collectField } from "./field";
import { FormBeginning } from "./form-beginning";
import { headerTreatment } from "./header-field";
import { HeaderTreatment, isOneOf } from "./header-name";
import { collectMessages, MessagesOutcome } from "./message-frames";
import { Pairs } from "./pairs";
import { collectPath } from "./path";
import { RequestBody } from "./request-body";
import { Component, Source } from "./source";
import { Value, ValueKind } from "./value";

const QUERY: u8 = 0x3f;
const NO_NAME = new Uint8Array(0);
const NO_NAMES: Uint8Array[] = [];

/**
 * Adds every value of a request's head: path, query, cookies, referer, and the headers worth scoring, but for those named
 * in `except`. False: values hold more in compressed form than is looked at.
 */
export function extractFromHeaders(headers: HeaderMap, out: Value[], except: Uint8Array[] = NO_NAMES): bool {
  const collector = new Collector(out);
  for (let i = 0, size = headers.size; i < size; i++) {
    const treatment = headerTreatment(headers, i);
    if (treatment == HeaderTreatment.Ignored) continue;
    const name = headers.name(i);
    if (isOneOf(except, name)) continue;
    const value = headers.value(i);
    if (treatment == HeaderTreatment.Path) collectTarget(collector, value);
    else collectField(collector, treatment, name, Source.of(Component.Header, value));
  }
  collector.finish();
  return !collector.overflowed;
}

export const enum BodyOutcome {
  Inspected,
  /** In a coding or a character set in which nothing is seen. */
  Opaque,
  /** Inflated it, or what its values hold in compressed form, is over the limit: not inspected, or, where it is judged by its first bytes, not beyond them. */
  TooLarge,
}

/**
 * Adds every value of a body: of its content, once its codings are undone, and of what was sent, for servers that
 * don't undo them. But for those that were added when it had only begun to come.
 */
export function extractFromBody(body: RequestBody, out: Value[], begun: FormBeginning | null = null): BodyOutcome {
  const codings = body.codings;
  if (codings === null) return BodyOutcome.Opaque;
  const layers = new ContentLayers(body.bytes, codings, body.isCut, body.limit);
  if (layers.outcome == LayersOutcome.Opaque) return BodyOutcome.Opaque;
  const isTooLarge = layers.outcome == LayersOutcome.TooLarge;
  if (isTooLarge && !body.judgedByPrefix) return BodyOutcome.TooLarge;
  let pairs: Pairs | null = null;
  if (begun !== null) pairs = begun.pairsOf(body.bytes);
  const sent = pairs === null ? Source.of(Component.Body, body.bytes) : pairs.source;
  const content = layers.codings.length == 0 ? sent : sent.inflated(layers.content, layers.codings);
  const collector = pairs === null ? new Collector(out, body.limit) : pairs.collector;
  const messages = collectMessages(collector, body, content);
  const isRead = messages == MessagesOutcome.Whole;
  const inspected = isRead || collectBody(collector, body.contentType, content, 0, pairs);
  collector.finish();
  let overflowed = isTooLarge || messages == MessagesOutcome.TooLarge || collector.overflowed;
  for (let i = 0; i < layers.sources.length; i++) {
    const asSent = new Collector(out);
    const source = i == 0 ? sent : sent.inflated(layers.sources[i], layers.codings.slice(0, i));
    collectRanges(asSent, source, layers.texts[i]);
    // What stands in chunks is part of the content.
    if (layers.codings[i] != <u8>Decoding.AwsChunked) collectTextRuns(asSent, ValueKind.Text, NO_NAME, source);
    asSent.finish();
    overflowed = overflowed || asSent.overflowed;
  }
  if (!inspected || messages == MessagesOutcome.Opaque) return BodyOutcome.Opaque;
  return overflowed ? BodyOutcome.TooLarge : BodyOutcome.Inspected;
}

function collectRanges(collector: Collector, source: Source, ranges: i32[]): void {
  for (let i = 0; i < ranges.length; i += 2) {
    collector.add(ValueKind.Text, NO_NAME, source, ranges[i], ranges[i + 1], Container.Raw);
  }
}

/** `:path`: the path, and after the first `?` the query. */
function collectTarget(collector: Collector, target: Uint8Array): void {
  const mark = target.indexOf(QUERY);
  collectPath(collector, Source.of(Component.Path, mark < 0 ? target : target.subarray(0, mark)));
  if (mark < 0) return;
  const query = Source.of(Component.Query, target.subarray(mark + 1));
  new Pairs(collector, ValueKind.QueryName, ValueKind.QueryValue, query, 0).collectRest();
}
