import { Container, decodeContainer } from "./container";
import { decodeRound, fill, foldRound, markupRound, workspace } from "./decode-round";
import { Forms } from "./forms";
import { JoinedText } from "./joined-text";

const MAX_ROUNDS = 4;

/**
 * All forms of a raw value: first what its container makes of it, then one for each of at most four rounds that changed
 * it, then, where there is any to fold, the one with comments, slashes and whitespace folded, and last that without marks of XML. No
 * decoder of a round makes a text longer, so all forms together are at most seven times the first, and the work is linear.
 * `before`: the decodings of the text in which the value stands.
 */
export function decodeForms(raw: Uint8Array, container: Container, before: u8[]): Forms {
  const result = new Forms(before);
  result.add(container == Container.Raw ? raw : decodeContainer(raw, container, result));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const text = result.last;
    const length = decodeRound(text, text.length, result);
    if (length == text.length) break;
    result.add(workspace.slice(0, length));
    result.unfolded += 1;
  }
  addIfAny(result, foldRound(result.last, result.last.length, result));
  addIfAny(result, markupRound(result.last, result.last.length, result));
  return result;
}

/** What stands in the workspace becomes a form; a length below 0: there is none. */
function addIfAny(result: Forms, length: i32): void {
  if (length >= 0) result.add(workspace.slice(0, length));
}

/**
 * The same of each part of a text by itself, without an object for any: first those of all parts, then the second forms of
 * those that have one, and so on. Everywhere a part has the number that it has in the first.
 */
export function decodeParts(first: JoinedText): JoinedText[] {
  const forms = [first];
  for (let part = 0; part < first.count; part++) {
    let form = 0;
    let size = fillWith(first, part);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const length = decodeRound(workspace, size, null);
      if (length == size) break;
      addTo(forms, ++form, length, part);
      size = length;
    }
    const last = forms[form];
    size = fillWith(last, form == 0 ? part : last.count - 1);
    const folded = foldRound(workspace, size, null);
    if (folded >= 0) {
      addTo(forms, ++form, folded, part);
      size = folded;
    }
    const joined = markupRound(workspace, size, null);
    if (joined >= 0) addTo(forms, form + 1, joined, part);
  }
  return forms;
}

function fillWith(joined: JoinedText, part: i32): i32 {
  const start = joined.startOf(part);
  const size = joined.endOf(part) - start;
  fill(joined.dataStart + start, size);
  return size;
}

/** What stands in the workspace becomes a part's form. */
function addTo(forms: JoinedText[], form: i32, length: i32, part: i32): void {
  if (form == forms.length) forms.push(new JoinedText(forms[0].separator));
  forms[form].add(workspace.dataStart, length, part);
}
