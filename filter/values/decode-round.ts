import { decodeHexEscapes, decodeOctalEscapes, decodeUnicodeEscapes } from "../encoding/escape";
import { decodeHtmlEntities } from "../encoding/html-entity";
import { decodePercent } from "../encoding/percent";
import { startPass } from "../encoding/trace";
import { Base64Space, base64Space, decodeBase64At, hasUrlAlphabet, MIN_BASE64_LENGTH } from "./base64-text";
import { decodeBase64Tokens, decodeDataUrls } from "./base64-token";
import { ByteTrait, traitsOf } from "./byte-trait";
import { foldFullWidth, foldOverlong, foldWide } from "./compatibility";
import { foldCompatible, foldInvisible, holdsCompatible } from "./compatible";
import { Decoding } from "./decoding";
import { Forms } from "./forms";
import { decodeHexText, isHexText } from "./hex-text";
import { foldMarkup, hasMarkup } from "./markup";
import { isScatteredBase64 } from "./scattered-base64";
import { foldSlashes, hasSlashesToFold } from "./slashes";
import { foldComments, foldWhitespace, hasCommentStart, hasWhitespaceToFold } from "./spacing";

/** Where decoders work in place; what is kept of it is copied out. Grows to the largest value seen. */
export let workspace = new Uint8Array(4096);

/**
 * Applies every decoder once, one to the other's result; base64 or digits of the whole only where no other found anything. Takes the
 * first `size` bytes of `text`, gives the length of what stands in the workspace then; `size`: nothing was found.
 */
export function decodeRound(text: Uint8Array, size: i32, told: Forms | null): i32 {
  let traits = traitsOf(text, size);
  if ((traits & DECODABLE) == 0 && size < MIN_BASE64_LENGTH) return size;
  fill(text.dataStart, size);
  let length = size;
  if ((traits & ByteTrait.Percent) != 0) {
    length = shortened(told, Decoding.Percent, length, decodePercent(workspace, length));
    if (length != size) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Ampersand) != 0) {
    const before = length;
    length = shortened(told, Decoding.HtmlEntity, length, decodeHtmlEntities(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & (ByteTrait.Backslash | ByteTrait.Percent)) != 0) {
    const before = length;
    length = shortened(told, Decoding.UnicodeEscape, length, decodeUnicodeEscapes(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Backslash) != 0) {
    const before = length;
    length = shortened(told, Decoding.HexEscape, length, decodeHexEscapes(workspace, length));
    length = shortened(told, Decoding.OctalEscape, length, decodeOctalEscapes(workspace, length));
    if (length != before) traits = traitsOf(workspace, length);
  }
  if ((traits & ByteTrait.Lead) != 0) {
    length = shortened(told, Decoding.Overlong, length, foldOverlong(workspace, length));
    const before = length;
    length = shortened(told, Decoding.FullWidth, length, foldFullWidth(workspace, length));
    if (length != before || holdsCompatible(workspace, length)) {
      length = shortened(told, Decoding.Compatibility, length, foldCompatible(workspace, length));
      length = shortened(told, Decoding.Invisible, length, foldInvisible(workspace, length));
    }
  }
  if ((traits & ByteTrait.Nul) != 0) {
    length = shortened(told, Decoding.Utf16, length, foldWide(workspace, length));
  }
  const space = length == size && size >= MIN_BASE64_LENGTH ? base64Space(workspace, size) : 0;
  if (space != 0) {
    tell(told, <u8>(hasUrlAlphabet(workspace, size) ? Decoding.Base64Url : Decoding.Base64));
    startPass();
    length = decodeBase64At(workspace, 0, size, 0, space);
  } else if (length == size && isHexText(workspace, size)) {
    tell(told, <u8>Decoding.Hexadecimal);
    length = decodeHexText(workspace, size);
  } else {
    if ((traits & ByteTrait.Comma) != 0) {
      length = shortened(told, Decoding.Base64, length, decodeDataUrls(workspace, length));
    }
    length = shortened(told, Decoding.Base64, length, decodeBase64Tokens(workspace, length, length == size));
    if (length == size && isScatteredBase64(workspace, size)) {
      tell(told, <u8>Decoding.Base64);
      startPass();
      length = decodeBase64At(workspace, 0, size, 0, Base64Space.Skipped);
    }
  }
  return length;
}

const DECODABLE: u32 =
  ByteTrait.Percent | ByteTrait.Ampersand | ByteTrait.Backslash | ByteTrait.Lead | ByteTrait.Comma | ByteTrait.Nul;

/** The same for comments, slashes and whitespace; -1: there is nothing to fold. */
export function foldRound(text: Uint8Array, size: i32, told: Forms | null): i32 {
  const comments = hasCommentStart(text, size);
  const slashes = hasSlashesToFold(text, size);
  if (!comments && !slashes && !hasWhitespaceToFold(text, size)) return -1;
  fill(text.dataStart, size);
  let length = size;
  if (comments) length = shortened(told, Decoding.Comment, length, foldComments(workspace, length));
  if (slashes) length = shortened(told, Decoding.Slashes, length, foldSlashes(workspace, length));
  const spaced = hasWhitespaceToFold(workspace, length);
  if (spaced) tell(told, <u8>Decoding.Whitespace);
  if (length == size && !spaced) return -1;
  return spaced ? foldWhitespace(workspace, length) : length;
}

/**
 * The same for what stands between the pieces of a text of XML, where there are any; whitespace that is left beside each other
 * is folded, too.
 */
export function markupRound(text: Uint8Array, size: i32, told: Forms | null): i32 {
  if (!hasMarkup(text, size)) return -1;
  fill(text.dataStart, size);
  const length = shortened(told, Decoding.Markup, size, foldMarkup(workspace.subarray(0, size)));
  if (length == size || length == 0) return -1;
  const folded = foldRound(workspace, length, told);
  return folded < 0 ? length : folded;
}

/** Puts `size` bytes at `data` into the workspace. */
export function fill(data: usize, size: i32): void {
  if (workspace.dataStart == data) return;
  if (workspace.length < size) workspace = new Uint8Array(size);
  memory.copy(workspace.dataStart, data, size);
}

function tell(told: Forms | null, decoding: u8): void {
  if (told !== null) told.apply(decoding);
}

/** Records the decoding if it changed the length; gives the new length. */
function shortened(told: Forms | null, decoding: Decoding, before: i32, after: i32): i32 {
  if (after != before) tell(told, <u8>decoding);
  return after;
}
