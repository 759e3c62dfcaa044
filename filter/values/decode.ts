import { decodeHexEscapes, decodeOctalEscapes, decodeUnicodeEscapes } from "../encoding/escape";
import { decodeHtmlEntities } from "../encoding/html-entity";
import { decodePercent, decodePlus } from "../encoding/percent";
import { decodeBase64At, decodeDataUrls, hasUrlAlphabet, isBase64Text, MIN_BASE64_LENGTH } from "./base64-text";
import { ByteTrait, traitsOf } from "./byte-trait";
import { foldFullWidth, foldOverlong } from "./compatibility";
import { Decoding } from "./decoding";
import { Forms, noDecodings } from "./forms";
import { foldComments, foldWhitespace, hasCommentStart, hasWhitespaceToFold } from "./spacing";

const MAX_ROUNDS = 4;

/** The decoding that belongs to a value's place, not to the value. */
export const enum Container {
  Raw,
  /** Path. */
  Percent,
  /** Query and form: `+` is a space. */
  PlusPercent,
}

/** Where decoders work in place; what is kept of it is copied out. Grows to the largest value seen. */
let workspace = new Uint8Array(4096);

/**
 * All forms of a raw value: first what its container makes of it, then one for each of at most four rounds that changed
 * it, last, where there is any to fold, the one with comments and whitespace folded. Every decoder but `+` → space
 * shortens what it changes, so all forms together are at most six times the input, and the work is linear. `outer`:
 * decodings that have led to the raw value.
 */
export function decodeForms(raw: Uint8Array, container: Container, outer: u8[] = noDecodings): Forms {
  const result = new Forms(outer);
  const traits = container == Container.Raw ? 0 : traitsOf(raw, raw.length);
  let length = raw.length;
  if ((traits & (ByteTrait.Percent | ByteTrait.Plus)) != 0) {
    fill(raw);
    if (container == Container.PlusPercent && decodePlus(workspace, length)) result.apply(<u8>Decoding.Plus);
    if ((traits & ByteTrait.Percent) != 0)
      length = shortened(result, Decoding.Percent, length, decodePercent(workspace, length));
  }
  result.add(result.decodings.length == outer.length ? raw : workspace.slice(0, length));
  decodeFurther(result);
  return result;
}

/** Adds all further forms to a value of which only the first is known. */
export function decodeFurther(result: Forms): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (!decodeRound(result)) break;
  }
  fold(result);
}

/** Applies every decoder once, one to the other's result; base64 of the whole only where no other found anything. */
function decodeRound(result: Forms): bool {
  const text = result.last;
  const size = text.length;
  let traits = traitsOf(text, size);
  const mayBeBase64 = (traits & ByteTrait.NotBase64) == 0 && size >= MIN_BASE64_LENGTH;
  if ((traits & DECODABLE) == 0 && !mayBeBase64) return false;
  fill(text);
  let length = size;
  if ((traits & ByteTrait.Percent) != 0) {
    length = shortened(result, Decoding.Percent, length, decodePercent(workspace, length));
    if (length != size) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Ampersand) != 0) {
    const before = length;
    length = shortened(result, Decoding.HtmlEntity, length, decodeHtmlEntities(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & (ByteTrait.Backslash | ByteTrait.Percent)) != 0) {
    length = shortened(result, Decoding.UnicodeEscape, length, decodeUnicodeEscapes(workspace, length));
    traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Backslash) != 0) {
    length = shortened(result, Decoding.HexEscape, length, decodeHexEscapes(workspace, length));
    length = shortened(result, Decoding.OctalEscape, length, decodeOctalEscapes(workspace, length));
    traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Lead) != 0) {
    length = shortened(result, Decoding.Overlong, length, foldOverlong(workspace, length));
    length = shortened(result, Decoding.FullWidth, length, foldFullWidth(workspace, length));
  }
  if ((traits & ByteTrait.Comma) != 0) {
    length = shortened(result, Decoding.Base64, length, decodeDataUrls(workspace, length));
  }
  if (length == size && mayBeBase64 && isBase64Text(workspace, 0, size)) {
    result.apply(<u8>(hasUrlAlphabet(workspace, size) ? Decoding.Base64Url : Decoding.Base64));
    length = decodeBase64At(workspace, 0, size, 0);
  }
  if (length == size) return false;
  result.add(workspace.slice(0, length));
  return true;
}

const DECODABLE: u32 = ByteTrait.Percent | ByteTrait.Ampersand | ByteTrait.Backslash | ByteTrait.Lead | ByteTrait.Comma;

/** One more form where comments or whitespace can be folded. */
function fold(result: Forms): void {
  const text = result.last;
  const size = text.length;
  const traits = traitsOf(text, size);
  const comments = (traits & ByteTrait.Slash) != 0 && hasCommentStart(text, size);
  if (!comments && ((traits & ByteTrait.Whitespace) == 0 || !hasWhitespaceToFold(text, size))) return;
  fill(text);
  const length = comments ? shortened(result, Decoding.Comment, size, foldComments(workspace, size)) : size;
  const spaced = hasWhitespaceToFold(workspace, length);
  if (spaced) result.apply(<u8>Decoding.Whitespace);
  if (length == size && !spaced) return;
  result.add(workspace.slice(0, spaced ? foldWhitespace(workspace, length) : length));
}

function fill(text: Uint8Array): void {
  const length = text.length;
  if (workspace.length < length) workspace = new Uint8Array(length);
  memory.copy(workspace.dataStart, text.dataStart, length);
}

/** Records the decoding if it changed the length; gives the new length. */
function shortened(result: Forms, decoding: Decoding, before: i32, after: i32): i32 {
  if (after != before) result.apply(<u8>decoding);
  return after;
}
