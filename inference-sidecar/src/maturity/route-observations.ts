import { type Check, type LogRecord, principalOf } from "../decision-log/record.ts";
import { type DenialKind, denialKind } from "./denial.ts";

/** What decisions on one route, under one policy, have shown. Everything counts requests. */
export class RouteObservations {
  requests = 0;
  permitted = 0;
  denied = 0;
  /** Permitted, though a higher rung would have denied. */
  wouldDeny = 0;
  scored = 0;
  /** Could not be inspected, or not in whole; and of those permitted. */
  uninspected = 0;
  passedUninspected = 0;
  /** Permitted under a grant. */
  granted = 0;
  /** Permitted under a grant after token or workload was verified on this very request. */
  verified = 0;
  /** Of a workload that came with a client certificate, as far as it is known: a JWT-SVID may have come beside one. */
  certified = 0;
  /** Denied for its score, and of those with the bytes that carried it. */
  deniedByScore = 0;
  explained = 0;
  /** When the newest denial of each kind was made, ISO 8601. */
  readonly lastDenials = new Map<DenialKind, string>();
  /** Denied by reason; would have been by reason. */
  readonly denials = new Map<string, number>();
  readonly wouldDenials = new Map<string, number>();
  readonly rungs = new Map<string, number>();
  readonly checks = new Map<Check, number>();
  /** Passed, of those permitted under a grant. */
  readonly grantedChecks = new Map<Check, number>();
  readonly grants = new Map<string, number>();
  /** Of permitted requests. */
  readonly methods = new Map<string, number>();
  readonly principals = new Set<string>();
  /** Where its newest request or move left it, those of a canary aside; empty: there was none. */
  rung = "";

  add(line: LogRecord): void {
    const { effect, wouldDeny, score, subject, checks = [] } = line;
    this.requests += 1;
    count(this.rungs, line.rung);
    for (const check of checks) count(this.checks, check);
    if (checks.includes("service_authenticated") && !isSvid(subject)) this.certified += 1;
    if (score.by !== "nothing") this.scored += 1;
    if (score.uninspected !== null) {
      this.uninspected += 1;
      if (effect === "permit") this.passedUninspected += 1;
    }
    const principal = principalOf(subject);
    if (principal !== "") this.principals.add(principal);
    if (wouldDeny !== null) {
      this.wouldDeny += 1;
      count(this.wouldDenials, wouldDeny);
    }
    if (effect === "deny") this.#deny(line);
    else this.#permit(line);
  }

  #deny({ reason, time, score }: LogRecord): void {
    this.denied += 1;
    count(this.denials, reason);
    const kind = denialKind(reason);
    if (time > (this.lastDenials.get(kind) ?? "")) this.lastDenials.set(kind, time);
    if (kind !== "score") return;
    this.deniedByScore += 1;
    if (score.finding !== null) this.explained += 1;
  }

  #permit({ method, subject: { grant }, checks = [] }: LogRecord): void {
    this.permitted += 1;
    count(this.methods, method);
    if (grant === "") return;
    this.granted += 1;
    count(this.grants, grant);
    for (const check of checks) count(this.grantedChecks, check);
    if (checks.includes("user_authenticated") || checks.includes("service_authenticated")) this.verified += 1;
  }
}

/** A workload's own token (JWT-SVID): of no issuer whose tokens name users. */
function isSvid({ token, issuer }: LogRecord["subject"]): boolean {
  return token === "valid" && issuer === "";
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
