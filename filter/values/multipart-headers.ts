import { bytes } from "proxy-wasm-as/bytes";
import { Container } from "./container";
import { isWord, matchesAt, skipWhitespace } from "./content-type";
import { breaksTokens } from "./header-grammar";
import { breaksEntityField, transferEncoding } from "./message-head";
import { Disposition, isNameByte } from "./multipart-disposition";

const DISPOSITION = bytes("content-disposition");
const TYPE = bytes("content-type");
const ENCODING = bytes("content-transfer-encoding");
const FORM_DATA = bytes("form-data");
/** Of an entity (RFC 2183), and of a file in a part of several (RFC 2388, section 4.2). */
const entityDispositions: Uint8Array[] = [bytes("file"), bytes("attachment"), bytes("inline")];
const COLON: u8 = 0x3a;

/**
 * The headers of one part (RFC 7578, section 4.2), read from `start` on; `malformed` where readers may differ. `mayBeEntity`:
 * the part needs no name, and may have any headers (RFC 2045, section 3).
 */
export class PartHeaders {
  /** Where the content begins. */
  end: i32 = 0;
  malformed: bool = false;
  readonly disposition: Disposition;
  contentType: Uint8Array;
  /** Values of an entity's headers that break their grammar: in the body start and end of the name, then of the value. */
  readonly freeTexts: i32[] = [];
  encoding: Container = Container.Raw;
  private typed: bool = false;
  private disposed: bool = false;

  constructor(
    private readonly body: Uint8Array,
    start: i32,
    end: i32,
    private readonly mayBeEntity: bool,
  ) {
    this.disposition = new Disposition(body);
    this.contentType = body.subarray(0, 0);
    let at = start;
    while (true) {
      let stop = at;
      while (stop < end && unchecked(body[stop]) != 0x0d && unchecked(body[stop]) != 0x0a) stop += 1;
      const crlf = stop + 1 < end && unchecked(body[stop]) == 0x0d && unchecked(body[stop + 1]) == 0x0a;
      if (!crlf) this.malformed = true;
      const next = min(stop + (crlf ? 2 : 1), end);
      if (stop == at || next == end) {
        if (stop != at) {
          this.header(at, stop);
          this.malformed = true;
        }
        this.end = next;
        break;
      }
      this.header(at, stop);
      at = next;
    }
    if ((this.disposition.nameStart < 0 && !mayBeEntity) || this.disposition.malformed) this.malformed = true;
  }

  /** Whether it is an entity that has no name, and no field of a form. */
  get isEntity(): bool {
    return this.mayBeEntity && this.disposition.nameStart < 0;
  }

  private header(start: i32, end: i32): void {
    let colon = start;
    while (colon < end && isNameByte(unchecked(this.body[colon]))) colon += 1;
    if (colon == start || colon == end || unchecked(this.body[colon]) != COLON) {
      this.malformed = true;
      return;
    }
    const value = this.body.subarray(min(skipWhitespace(this.body, colon + 1), end), end);
    const name = this.body.subarray(start, colon);
    if (isWord(name, DISPOSITION)) {
      const type = this.dispositionType(value);
      if (this.disposed || type == 0) this.malformed = true;
      this.disposed = true;
      this.disposition.read(end - value.length + type, end);
      return;
    }
    if (!this.mayBeEntity) {
      if (breaksTokens(value)) this.malformed = true;
    } else if (breaksEntityField(value)) {
      const texts = this.freeTexts;
      texts.push(start);
      texts.push(colon);
      texts.push(end - value.length);
      texts.push(end);
    }
    if (isWord(name, TYPE)) {
      if (this.typed) this.malformed = true;
      this.typed = true;
      this.contentType = value;
    } else if (isWord(name, ENCODING)) {
      if (this.encoding != Container.Raw) this.malformed = true;
      const encoding = transferEncoding(value);
      if (encoding != Container.Raw) this.encoding = encoding;
    }
  }

  /** Bytes of the disposition type; 0: it is none that belongs here. */
  private dispositionType(value: Uint8Array): i32 {
    if (matchesAt(value, 0, FORM_DATA)) return FORM_DATA.length;
    if (!this.mayBeEntity) return 0;
    for (let i = 0; i < entityDispositions.length; i++) {
      if (matchesAt(value, 0, entityDispositions[i])) return entityDispositions[i].length;
    }
    return 0;
  }
}
