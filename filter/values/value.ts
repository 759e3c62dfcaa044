import { Container } from "./container";
import { Forms } from "./forms";
import { JoinedText } from "./joined-text";
import { Component, Source } from "./source";

/** Where a value stands in the request. */
export const enum ValueKind {
  Path,
  PathSegment,
  QueryName,
  QueryValue,
  CookieName,
  CookieValue,
  Header,
  FormName,
  FormValue,
  JsonName,
  JsonString,
  /** The name of a file, and its content, in multipart/form-data. */
  FileName,
  File,
  XmlName,
  /** Text, attribute, comment or declaration. */
  XmlText,
  Text,
  /** What is left of a request with more values than are kept by themselves, joined. */
  Rest,
  /** A parameter of a path segment (RFC 3986, section 3.3). */
  PathParameter,
  GraphqlName,
  GraphqlString,
}

/** One value of a request with all its decoded forms. Views of the request and of the decoders' output; never changed. */
export class Value {
  /** At least one: first as the container gives it, then one a round of decoding that changed it, last its folded form. */
  readonly forms: Uint8Array[];
  /** All decodings (`Decoding`), in the order in which they were applied. */
  readonly decodings: u8[];
  /** How many of `decodings` led to the form of the same index. */
  readonly steps: i32[];

  constructor(
    public readonly kind: ValueKind,
    /** Raw name of the field; of a path segment or a name, its ordinal; of a JSON value, its pointer (RFC 6901). */
    public readonly name: Uint8Array,
    public readonly source: Source,
    /** Range of the raw value in its source. */
    public readonly from: i32,
    public readonly to: i32,
    public readonly container: Container,
    decoded: Forms,
    /** Of what is left of a request: the forms with the values in them, each judged by itself. */
    public readonly parts: JoinedText[] | null = null,
  ) {
    this.forms = decoded.forms;
    this.decodings = decoded.decodings;
    this.steps = decoded.steps;
  }

  /** Of a form; of what is left of a request always of all that is left: each of its parts is one of so many. */
  lengthOf(form: i32): i32 {
    return this.forms[this.parts !== null ? 0 : form].length;
  }

  get component(): Component {
    return this.source.component;
  }

  /** Byte range of the raw value in its component. */
  get start(): i32 {
    return this.source.startOf(this.from);
  }

  get end(): i32 {
    return this.source.endOf(this.to);
  }
}
