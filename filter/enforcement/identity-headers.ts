import { addHeader, MapType } from "proxy-wasm-as";
import { Subject } from "../identity/subject";
import { CompiledPolicy } from "../policy/compiled-policy";
import { identityFields } from "./identity-fields";

/** Issues the verified identity anew for the upstream; what the client sent under these names is gone by then. */
export function giveIdentity(subject: Subject, policy: CompiledPolicy): void {
  const fields = identityFields(subject, policy);
  for (let i = 0; i < fields.length; i += 2) addHeader(MapType.RequestHeaders, fields[i], fields[i + 1]);
}
