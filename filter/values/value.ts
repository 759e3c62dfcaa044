import { Forms } from "./forms";

export { decodingName } from "./decoding";
export { fieldLabel } from "./field-label";

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
  /** What is left of a request with more values than are looked at one by one, joined. */
  Rest,
}

/** What a value's byte range counts from. */
export const enum Component {
  Path,
  Query,
  Header,
  Body,
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
    public readonly component: Component,
    /** Raw name of the field; of a path segment or a name, its ordinal; of a JSON value, its pointer (RFC 6901). */
    public readonly name: Uint8Array,
    /** Byte range of the raw value in its component. */
    public readonly start: i32,
    public readonly end: i32,
    decoded: Forms,
  ) {
    this.forms = decoded.forms;
    this.decodings = decoded.decodings;
    this.steps = decoded.steps;
  }
}
