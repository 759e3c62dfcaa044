import { Container, decodeContainer } from "./container";
import { Forms, noDecodings } from "./forms";
import { Pieces } from "./pieces";

/** What a byte range of a request counts from. */
export const enum Component {
  Path,
  Query,
  Header,
  Body,
}

/**
 * A text in which values stand: a component of the request, what a range of another such text decodes to, or pieces of
 * several joined. Ranges are led from it back to the component.
 */
export class Source {
  private constructor(
    public readonly component: Component,
    /** Changed only by `grow`. */
    public text: Uint8Array,
    public readonly parent: Source | null,
    public readonly pieces: Pieces | null,
    /** The range of the parent. */
    public readonly from: i32,
    public readonly to: i32,
    public readonly container: Container,
    /** Of `Decoding`, from the component to this text. */
    public readonly decodings: u8[],
    /** The first ones of them: the content codings under which the text was sent. */
    public readonly codings: u8[],
  ) {}

  static of(component: Component, text: Uint8Array): Source {
    return new Source(component, text, null, null, 0, text.length, Container.Raw, noDecodings, noDecodings);
  }

  /** More of a component that comes in pieces: `text` begins with what was there before. */
  grow(text: Uint8Array): void {
    this.text = text;
  }

  static joined(pieces: Pieces): Source {
    const text = pieces.joined.text;
    const codings = pieces.codings;
    return new Source(pieces.component, text, null, pieces, 0, text.length, Container.Raw, codings, codings);
  }

  /** What the range `from` to `to` of this text, a body or a message in it under `codings`, was inflated to. */
  inflated(text: Uint8Array, codings: u8[], from: i32 = 0, to: i32 = this.text.length): Source {
    return new Source(this.component, text, this, null, from, to, Container.ContentCoding, codings, codings);
  }

  /** What the range `from` to `to` of this text holds, decoded as its place says. */
  within(from: i32, to: i32, container: Container): Source {
    const told = new Forms(this.decodings);
    const text = decodeContainer(this.text.subarray(from, to), container, told);
    return new Source(this.component, text, this, null, from, to, container, told.decodings, this.codings);
  }

  /** Of a position in this text, in the component; what was decoded or joined has the whole range that it came from. */
  startOf(at: i32): i32 {
    const pieces = this.pieces;
    if (pieces !== null) return pieces.start;
    const parent = this.parent;
    if (parent === null) return at;
    return parent.startOf(this.container == Container.Raw ? this.from + at : this.from);
  }

  endOf(at: i32): i32 {
    const pieces = this.pieces;
    if (pieces !== null) return pieces.end;
    const parent = this.parent;
    if (parent === null) return at;
    return parent.endOf(this.container == Container.Raw ? this.from + at : this.to);
  }
}
