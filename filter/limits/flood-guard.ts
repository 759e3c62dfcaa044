import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { Subject } from "../identity/subject";
import { FailureLimits } from "../policy/failure-limits";
import { alarmIsOn, raiseAlarm } from "./alarm";
import { clientAddress } from "./client-address";
import { countFailure, Failures, failuresOf, Party } from "./failure-window";

/** What sets the descriptions of parties apart. */
const ADDRESS: u8 = 1;
const SUBJECT: u8 = 2;
const API_KEY: u8 = 3;

/**
 * Whether one request comes from a client or subject that failed too often, and the count of what it adds. Without limits,
 * and as long as nobody is over them, it costs nothing.
 */
export class FloodGuard {
  /** How long the client is to wait, seconds; 0: nobody was found limited. */
  retryAfterSeconds: u32 = 0;
  private readonly nowSeconds: i64;

  constructor(
    private readonly limits: FailureLimits | null,
    private readonly environment: Environment,
    private readonly headers: HeaderMap,
  ) {
    this.nowSeconds = limits === null ? 0 : environment.nowMillis() / 1000;
  }

  /** The client's address has failed too often: no new credential of it is looked at. */
  isAddressLimited(): bool {
    const limits = this.limits;
    if (limits === null || !alarmIsOn(this.nowSeconds)) return false;
    return this.isOver(this.address(limits), limits.perAddress, limits);
  }

  /** The verified subject, or API key, has failed too often. */
  isSubjectLimited(subject: Subject): bool {
    const limits = this.limits;
    if (limits === null || !alarmIsOn(this.nowSeconds)) return false;
    return this.isOver(subjectParty(subject), limits.perSubject, limits);
  }

  countAddress(): void {
    const limits = this.limits;
    if (limits !== null) this.count(this.address(limits), limits.perAddress, limits);
  }

  countSubject(subject: Subject): void {
    const limits = this.limits;
    if (limits !== null) this.count(subjectParty(subject), limits.perSubject, limits);
  }

  private isOver(party: Party | null, limit: u32, limits: FailureLimits): bool {
    if (party === null) return false;
    const failures: Failures = failuresOf(this.environment, party, this.nowSeconds, limits.windowSeconds);
    if (failures.count < limit) return false;
    this.retryAfterSeconds = max(this.retryAfterSeconds, <u32>(failures.endSeconds - this.nowSeconds));
    return true;
  }

  private count(party: Party | null, limit: u32, limits: FailureLimits): void {
    if (party === null) return;
    // Of a login it is known only once the upstream has answered.
    const nowSeconds = this.environment.nowMillis() / 1000;
    const failures = countFailure(this.environment, party, nowSeconds, limits.windowSeconds);
    if (failures.count >= limit) raiseAlarm(this.environment, failures.endSeconds);
  }

  /** null: the address is not known, so that clients can't be told apart. An IPv6 client has a whole /64 to itself. */
  private address(limits: FailureLimits): Party | null {
    const address = clientAddress(this.headers, this.environment.sourceAddress(), limits.trustedHops);
    if (!address.known) return null;
    const description = new Uint8Array(17);
    description[0] = ADDRESS;
    store<u64>(description.dataStart + 1, address.high);
    store<u64>(description.dataStart + 9, address.isIPv4 ? address.low : 0);
    return new Party(description);
  }
}

/** null: nobody was verified. A token without `sub` tells nobody from others of its issuer. */
function subjectParty(subject: Subject): Party | null {
  const issuer = subject.issuer;
  if (issuer !== null && subject.subject.length > 0)
    return new Party(described(SUBJECT, issuer.issuer, subject.subject));
  if (subject.apiKey.length > 0) return new Party(described(API_KEY, subject.apiKey, subject.apiKey.subarray(0, 0)));
  return null;
}

/** Control characters stand in no `iss` or `sub` that was accepted, so that NUL separates. */
function described(kind: u8, first: Uint8Array, second: Uint8Array): Uint8Array {
  const description = new Uint8Array(2 + first.length + second.length);
  description[0] = kind;
  description.set(first, 1);
  description.set(second, 2 + first.length);
  return description;
}
