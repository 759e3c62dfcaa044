import { endTrace, startTrace } from "../encoding/trace";
import { Container } from "./container";
import { decodeForms } from "./decode";
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
 * again, this time with a trace: what nobody asks for costs nothing. Linear in the value and the texts that it stands in.
 */
export function originOf(value: Value, form: i32, start: i32, end: i32): Origin {
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
  if (pieces !== null) {
    const first = pieces.pieceAt(start);
    const last = pieces.pieceAt(max(end - 1, start));
    const from = leadPiece(source, first, start, first == last ? end : source.text.length);
    if (first == last) return from;
    const to = leadPiece(source, last, pieces.startOf(last), end);
    if (to.component != from.component) return from;
    return new Origin(from.component, min(from.start, to.start), max(from.end, to.end));
  }
  const parent = source.parent;
  if (parent === null) return new Origin(source.component, start, end);
  if (source.container == Container.Raw) return leadOut(parent, source.from + start, source.from + end);
  if (source.container == Container.ContentCoding) return leadOut(parent, source.from, source.to);
  return leadBack(parent, source.from, source.to, source.container, 0, start, end);
}

/** Of what of a joined text lies in one piece; of a separator behind it the piece's last byte. */
function leadPiece(source: Source, piece: i32, start: i32, end: i32): Origin {
  const pieces = source.pieces!;
  const begin = pieces.startOf(piece);
  const size = pieces.endOf(piece) - begin;
  return leadBack(
    pieces.sourceOf(piece),
    pieces.fromOf(piece),
    pieces.toOf(piece),
    pieces.containerOf(piece),
    0,
    min(start - begin, size - 1),
    min(end - begin, size),
  );
}
