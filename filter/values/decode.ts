import { decodeHexEscapes, decodeOctalEscapes, decodeUnicodeEscapes } from "../encoding/escape";
import { decodeHtmlEntities } from "../encoding/html-entity";
import { decodePercent } from "../encoding/percent";
import { startPass } from "../encoding/trace";
import { base64Space, decodeBase64At, hasUrlAlphabet, MIN_BASE64_LENGTH } from "./base64-text";
import { decodeBase64Tokens, decodeDataUrls } from "./base64-token";
import { ByteTrait, traitsOf } from "./byte-trait";
import { foldFullWidth, foldOverlong, foldWide } from "./compatibility";
import { Container, decodeContainer } from "./container";
import { Decoding } from "./decoding";
import { Forms } from "./forms";
import { foldComments, foldWhitespace, hasCommentStart, hasWhitespaceToFold } from "./spacing";

const MAX_ROUNDS = 4;

/** Where decoders work in place; what is kept of it is copied out. Grows to the largest value seen. */
let workspace = new Uint8Array(4096);

/**
 * All forms of a raw value: first what its container makes of it, then one for each of at most four rounds that changed
 * it, last, where there is any to fold, the one with comments and whitespace folded. No decoder of a round makes a text
 * longer, so all forms together are at most six times the first, and the work is linear. `before`: the decodings of the
 * text in which the value stands.
 */
export function decodeForms(raw: Uint8Array, container: Container, before: u8[]): Forms {
  const result = new Forms(before);
  result.add(container == Container.Raw ? raw : decodeContainer(raw, container, result));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (!decodeRound(result)) break;
  }
  fold(result);
  return result;
}

/** Applies every decoder once, one to the other's result; base64 of the whole only where no other found anything. */
function decodeRound(result: Forms): bool {
  const text = result.last;
  const size = text.length;
  let traits = traitsOf(text, size);
  if ((traits & DECODABLE) == 0 && size < MIN_BASE64_LENGTH) return false;
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
    const before = length;
    length = shortened(result, Decoding.UnicodeEscape, length, decodeUnicodeEscapes(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Backslash) != 0) {
    const before = length;
    length = shortened(result, Decoding.HexEscape, length, decodeHexEscapes(workspace, length));
    length = shortened(result, Decoding.OctalEscape, length, decodeOctalEscapes(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Lead) != 0) {
    length = shortened(result, Decoding.Overlong, length, foldOverlong(workspace, length));
    length = shortened(result, Decoding.FullWidth, length, foldFullWidth(workspace, length));
  }
  if ((traits & ByteTrait.Nul) != 0) {
    length = shortened(result, Decoding.Utf16, length, foldWide(workspace, length));
  }
  const space = length == size && size >= MIN_BASE64_LENGTH ? base64Space(workspace, size) : 0;
  if (space != 0) {
    result.apply(<u8>(hasUrlAlphabet(workspace, size) ? Decoding.Base64Url : Decoding.Base64));
    startPass();
    length = decodeBase64At(workspace, 0, size, 0, space);
  } else {
    if ((traits & ByteTrait.Comma) != 0) {
      length = shortened(result, Decoding.Base64, length, decodeDataUrls(workspace, length));
    }
    length = shortened(result, Decoding.Base64, length, decodeBase64Tokens(workspace, length, length == size));
  }
  if (length == size) return false;
  result.add(workspace.slice(0, length));
  return true;
}

const DECODABLE: u32 =
  ByteTrait.Percent | ByteTrait.Ampersand | ByteTrait.Backslash | ByteTrait.Lead | ByteTrait.Comma | ByteTrait.Nul;

/** One more form where comments or whitespace can be folded. */
function fold(result: Forms): void {
  const text = result.last;
  const size = text.length;
  const comments = hasCommentStart(text, size);
  if (!comments && !hasWhitespaceToFold(text, size)) return;
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
