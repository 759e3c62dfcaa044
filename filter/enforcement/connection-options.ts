import { bytes, MapType, replaceHeader } from "proxy-wasm-as";
import { AccessRequest } from "../request";

const CONNECTION = bytes("connection");
const UPGRADE = bytes("Upgrade");

/**
 * Leaves an upgrade nothing but itself in `connection`: whatever else a client names there a proxy behind would take away,
 * the identity that it is told among it (RFC 9110 section 7.6.1). Of other requests Envoy passes no such field on.
 */
export function keepUpgradeAlone(request: AccessRequest): void {
  if (request.isUpgrade) replaceHeader(MapType.RequestHeaders, CONNECTION, UPGRADE);
}
