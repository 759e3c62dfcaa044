import { endTrace, startTrace } from "../encoding/trace";
import { Container } from "./container";
import { decodeForms } from "./decode";
import { JoinedText } from "./joined-text";
import { Pieces } from "./pieces";
import { Component, Source } from "./source";
import { Value } from "./value";

/** A byte range of a component of the request. */
export class Origin {
  constructor(
    public readonly component: Component,
    public readonly start: i32,
    public readonly end: i32,
  ) {}
}

/**
 * The smallest range of the request from which the bytes `start` to `end` of a value's form came. Decodes that one value
 * again, of what is left of a request that one part, this time with a trace: what nobody asks for costs nothing. Linear in the value and the texts that it stands in.
 */
export function originOf(value: Value, form: i32, start: i32, end: i32): Origin {
  const pieces = value.source.pieces;
  const parts = value.parts;
  if (pieces !== null && parts !== null) return leadJoined(pieces, parts[form], form, start, end);
  return leadBack(value.source, value.from, value.to, value.container, form, start, end);
}

/** The same for a form of what the range `from` to `to` of a source decodes to. */
function leadBack(source: Source, from: i32, to: i32, container: Container, form: i32, start: i32, end: i32): Origin {
  const trace = startTrace();
  decodeForms(source.text.subarray(from, to), container, source.decodings);
  endTrace();
  trace.leadBack(form, start, end);
  return leadOut(source, from + trace.start, from + trace.end);
}

/** Leads a range of a source's text to its component. */
function leadOut(source: Source, start: i32, end: i32): Origin {
  const pieces = source.pieces;
  if (pieces !== null) return leadJoined(pieces, pieces.joined, 0, start, end);
  const parent = source.parent;
  if (parent === null) return new Origin(source.component, start, end);
  if (source.container == Container.Raw) return leadOut(parent, source.from + start, source.from + end);
  if (source.container == Container.ContentCoding) return leadOut(parent, source.from, source.to);
  return leadBack(parent, source.from, source.to, source.container, 0, start, end);
}

/** Leads a range of pieces that are joined, in the form that they have there, to their component. */
function leadJoined(pieces: Pieces, joined: JoinedText, form: i32, start: i32, end: i32): Origin {
  const first = joined.partAt(start);
  const last = joined.partAt(max(end - 1, start));
  const from = leadPart(pieces, joined, form, first, start, first == last ? end : joined.endOf(first));
  if (first == last) return from;
  const to = leadPart(pieces, joined, form, last, joined.startOf(last), end);
  if (to.component != from.component) return from;
  return new Origin(from.component, min(from.start, to.start), max(from.end, to.end));
}

/** Of what lies in one part; of a separator behind it the part's last byte. */
function leadPart(pieces: Pieces, joined: JoinedText, form: i32, part: i32, start: i32, end: i32): Origin {
  const begin = joined.startOf(part);
  const size = joined.endOf(part) - begin;
  const piece = joined.numberOf(part);
  return leadBack(
    pieces.sourceOf(piece),
    pieces.fromOf(piece),
    pieces.toOf(piece),
    pieces.containerOf(piece),
    form,
    min(start - begin, size - 1),
    min(end - begin, size),
  );
}
