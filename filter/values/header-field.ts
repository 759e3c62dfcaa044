import { HeaderMap } from "proxy-wasm-as/header-map";
import { NameKinds } from "../name-kinds";
import {
  breaksAddresses,
  breaksClientCertificate,
  breaksEntityTags,
  breaksHosts,
  breaksMailbox,
  breaksNumber,
  breaksOrigin,
  breaksRange,
} from "./header-alphabet";
import { isDate } from "./header-date";
import { breaksClientHint, breaksTokens } from "./header-grammar";
import { Grammar, grammarOf, HeaderTreatment, treatmentOf } from "./header-name";
import { breaksVia } from "./header-via";

const TREATMENT_MASK: u32 = 0xff;
const GRAMMAR_SHIFT: u32 = 8;

/** Treatment, and in the bits above it the grammar. */
class HeaderKinds extends NameKinds {
  protected kindOf(name: Uint8Array): u32 {
    return <u32>treatmentOf(name) | ((<u32>grammarOf(name)) << GRAMMAR_SHIFT);
  }
}

const kinds = new HeaderKinds();

/** How the field is looked at: one of fixed grammar that breaks it is free text, one that does not is ignored. */
export function headerTreatment(headers: HeaderMap, index: i32): HeaderTreatment {
  const kind = kinds.of(headers, index);
  const treatment = <HeaderTreatment>(kind & TREATMENT_MASK);
  if (treatment != HeaderTreatment.FixedGrammar) return treatment;
  const broken = breaksGrammar(<Grammar>(kind >> GRAMMAR_SHIFT), headers.value(index));
  return broken ? HeaderTreatment.FreeText : HeaderTreatment.Ignored;
}

/** Whether a value holds what the grammar has no use for. */
function breaksGrammar(grammar: Grammar, value: Uint8Array): bool {
  switch (grammar) {
    case Grammar.Addresses:
      return breaksAddresses(value);
    case Grammar.Hosts:
      return breaksHosts(value);
    case Grammar.Date:
      return !isDate(value);
    case Grammar.EntityTags:
      return !isDate(value) && breaksEntityTags(value);
    case Grammar.Number:
      return breaksNumber(value);
    case Grammar.Origin:
      return breaksOrigin(value);
    case Grammar.Mailbox:
      return breaksMailbox(value);
    case Grammar.Range:
      return breaksRange(value);
    case Grammar.Via:
      return breaksVia(value);
    case Grammar.ClientCertificate:
      return breaksClientCertificate(value);
    case Grammar.ClientHint:
      return breaksClientHint(value);
    default:
      return breaksTokens(value);
  }
}
