export {
  bundleDigest,
  clearBelow,
  denyAlone,
  modelDeny,
  screenReady,
  screenValue,
  worstEnd,
  worstStart,
} from "../../../filter/screen/screen";
export { worstSum } from "../../../filter/screen/worst-window";

export const Uint8Array_ID = idof<Uint8Array>();
