import { maySign } from "../../../filter/identity/signing-certificate";

export const Uint8Array_ID = idof<Uint8Array>();
export { maySign };
