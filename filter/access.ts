import { PathTrap } from "./hygiene/path";
import { ApiKeyOutcome } from "./identity/api-key";
import { Authentication } from "./identity/authenticate";
import { TokenOutcome } from "./identity/token-outcome";
import { FloodGuard } from "./limits/flood-guard";
import { NONE } from "./policy/blob-layout";
import { Circumstances } from "./policy/circumstances";
import { GrantEffect } from "./policy/grant";
import { METHOD_NOT_ALLOWED } from "./policy/match";
import { Route } from "./policy/route";
import { isStrong } from "./policy/step-up";
import { Reason } from "./verdict";

/** The first finding counts: hygiene before route, route before privilege. */
export function firstOf(first: Reason, second: Reason, third: Reason, fourth: Reason): Reason {
  if (first != Reason.Permitted) return first;
  if (second != Reason.Permitted) return second;
  return third != Reason.Permitted ? third : fourth;
}

export function pathReason(trap: PathTrap): Reason {
  if (trap == PathTrap.Malformed) return Reason.PathMalformed;
  return trap == PathTrap.Ambiguous ? Reason.PathAmbiguous : Reason.Permitted;
}

export function routeReason(index: i32): Reason {
  if (index >= 0) return Reason.Permitted;
  return index == METHOD_NOT_ALLOWED ? Reason.MethodNotAllowed : Reason.RouteNotFound;
}

/**
 * A token or API key that was sent and is not valid denies on every route that is not public, whatever else grants it; a
 * grant that denies does so on every route. `limited`: the client's address has failed too often.
 */
export function judgePrivilege(
  route: Route | null,
  who: Authentication,
  grants: GrantEffect,
  asked: Circumstances,
  flood: FloodGuard,
  limited: bool,
): Reason {
  if (route === null) return Reason.Permitted;
  if (route.isLogin && limited) return Reason.FloodLimit;
  if (!route.isPublic) {
    const credentials = credentialReason(who, limited);
    if (credentials != Reason.Permitted) return credentials;
    if (flood.isSubjectLimited(who.subject)) return Reason.FloodLimit;
  }
  if (grants == GrantEffect.Deny) return Reason.GrantDenied;
  if (route.isPublic) return Reason.Permitted;
  if (grants == GrantEffect.Allow) {
    const strong = route.stepUpFrom != NONE || isStrong(route, asked);
    return strong ? Reason.Permitted : Reason.AuthenticationInsufficient;
  }
  if (who.apiKey == ApiKeyOutcome.Absent) {
    if (route.hasTokenGrant && who.token == TokenOutcome.ABSENT) return Reason.TokenMissing;
    if (route.hasKeyGrant && !route.hasTokenGrant) return Reason.ApiKeyMissing;
  }
  return Reason.GrantMissing;
}

/** Whether it was for the grants to decide: nothing was refused before they were asked. */
export function isUpToGrants(access: Reason): bool {
  switch (access) {
    case Reason.Permitted:
    case Reason.GrantDenied:
    case Reason.GrantMissing:
    case Reason.AuthenticationInsufficient:
      return true;
    default:
      return false;
  }
}

function credentialReason(who: Authentication, limited: bool): Reason {
  const token = who.token;
  if (token > TokenOutcome.VALID) return <Reason>(Reason.TokenMalformed + (token - TokenOutcome.MALFORMED));
  if (who.apiKey == ApiKeyOutcome.Unknown) return limited ? Reason.FloodLimit : Reason.ApiKeyUnknown;
  return who.apiKey == ApiKeyOutcome.Expired ? Reason.ApiKeyExpired : Reason.Permitted;
}
