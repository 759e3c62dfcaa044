import { addHeader, MapType } from "proxy-wasm-as";
import { Evaluation } from "../evaluate";
import { identityFields } from "./identity-fields";

/** Issues the verified identity anew for the upstream; what the client sent under these names is gone by then. */
export function giveIdentity(evaluation: Evaluation): void {
  const fields = identityFields(evaluation);
  for (let i = 0; i < fields.length; i += 2) addHeader(MapType.RequestHeaders, fields[i], fields[i + 1]);
}
