import { bytes } from "proxy-wasm-as/bytes";
import { ClaimSet } from "../identity/claim-set";
import { NONE, VALUE_AT_LEAST, VALUE_BELOW, VALUE_STRING } from "./blob-layout";
import { Circumstances } from "./circumstances";
import { Route } from "./route";

const ACR = bytes("acr");
const AMR = bytes("amr");
const AUTH_TIME = bytes("auth_time");

/** A score from here on, millionths, asks more of the user than the token says; `NONE`: none does. */
export function stepUpFrom(route: Route | null, asked: Circumstances): u32 {
  if (route === null || route.stepUpFrom == NONE || isStrong(route, asked)) return NONE;
  return route.stepUpFrom;
}

/** Whether the user authenticated as the route asks for: one of its contexts, all of its methods, not too long ago (RFC 9470). */
export function isStrong(route: Route, asked: Circumstances): bool {
  const subject = asked.subject;
  const issuer = subject.issuer;
  const claims = subject.claims;
  if (route.contexts.length > 0 && !isOneOf(claims, ACR, route.contexts)) return false;
  for (let i = 0; i < route.authenticationMethods.length; i++) {
    if (!has(claims, AMR, unchecked(route.authenticationMethods[i]))) return false;
  }
  if (route.maxAge == NONE) return true;
  if (issuer === null) return false;
  const index = claims.indexOf(AUTH_TIME);
  if (index < 0) return false;
  const skew: i64 = issuer.clockSkewSeconds;
  const earliest = asked.nowSeconds - <i64>route.maxAge - skew;
  const future = asked.nowSeconds + skew + 1;
  return (
    claims.fits(index, VALUE_AT_LEAST, bytes(earliest.toString())) &&
    claims.fits(index, VALUE_BELOW, bytes(future.toString()))
  );
}

/** The claim itself, never an element of it: of several contexts nobody could tell in which the user was. */
function isOneOf(claims: ClaimSet, name: Uint8Array, values: Uint8Array[]): bool {
  const index = claims.indexOf(name);
  if (index < 0 || claims.isArray(index)) return false;
  for (let i = 0; i < values.length; i++) if (claims.fits(index, VALUE_STRING, unchecked(values[i]))) return true;
  return false;
}

function has(claims: ClaimSet, name: Uint8Array, value: Uint8Array): bool {
  const index = claims.indexOf(name);
  return index >= 0 && claims.fits(index, VALUE_STRING, value);
}
