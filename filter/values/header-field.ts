import { HeaderMap } from "proxy-wasm-as/header-map";
import { lowerCase } from "../encoding/lower-case";
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
import { breaksClientHint, breaksSecToken } from "./header-client-hint";
import { isDate } from "./header-date";
import { breaksBrands, breaksTokens } from "./header-grammar";
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
  return byGrammar(<Grammar>(kind >> GRAMMAR_SHIFT), headers.value(index));
}

/** The same of a field of a message in a body. What is judged elsewhere in a request's own head is not in this one. */
export function treatmentInMessage(name: Uint8Array, value: Uint8Array): HeaderTreatment {
  const lower = lowerCase(name);
  const treatment = treatmentOf(lower);
  if (treatment == HeaderTreatment.Ignored) return byGrammar(Grammar.Tokens, value);
  return treatment == HeaderTreatment.FixedGrammar ? byGrammar(grammarOf(lower), value) : treatment;
}

function byGrammar(grammar: Grammar, value: Uint8Array): HeaderTreatment {
  return breaksGrammar(grammar, value) ? HeaderTreatment.FreeText : HeaderTreatment.Ignored;
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
    case Grammar.Brands:
      return breaksBrands(value);
    case Grammar.SecToken:
      return breaksSecToken(value);
    default:
      return breaksTokens(value);
  }
}
