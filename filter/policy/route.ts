import {
  FLAG_ASK_ALWAYS,
  FLAG_ASSERTION,
  FLAG_KEY_GRANT,
  FLAG_LOGIN,
  FLAG_OPEN,
  FLAG_PREFIX,
  FLAG_PUBLIC,
  FLAG_STALE_OPEN,
  FLAG_TOKEN_GRANT,
  SECTION_ROUTES,
} from "./blob-layout";
import { stringRun } from "./issuer";
import { PolicyBlob } from "./policy-blob";

/** What the policy says of one route; a copy of its record, the name is a view of the policy. */
export class Route {
  readonly name: Uint8Array;
  /** 0 observe, 1 detect, 2 prevent, 3 adapt */
  readonly mode: u8;
  /** The route's ladder: it stands on no rung below `floor` or above `ceiling`. */
  readonly floor: u8;
  readonly ceiling: u8;
  readonly isPublic: bool;
  /** 0 off, 1 headers only, 2 headers and body */
  readonly score: u8;
  readonly askAlways: bool;
  readonly openWhenUnavailable: bool;
  readonly prefixWhenTooLarge: bool;
  /** A grant asks for a token: a client without one can be told to send it. */
  readonly hasTokenGrant: bool;
  /** The same of an API key. */
  readonly hasKeyGrant: bool;
  /** The upstream checks credentials here: 401 and 403 are failed logins. */
  readonly isLogin: bool;
  /** The upstream gets an assertion of the identity, or no request at all. */
  readonly wantsAssertion: bool;
  readonly deadlineMillis: u32;
  /** Bytes. */
  readonly maxBody: u32;
  readonly firstGrant: i32;
  readonly grantCount: i32;
  readonly firstDeny: i32;
  readonly denyCount: i32;
  /** Ways (`BOUND_BY_…`) in one of which a token must be bound to its sender; 0: it need not be. */
  readonly senderConstraint: u32;
  /** Which bytes of requests are kept: 0 none, 1 the window of a denial by the score, 2 also the whole request. */
  readonly evidence: u32;
  /** A valid token is accepted whatever the age of the list of revocations. */
  readonly openWhenStale: bool;
  /** Of these authentication contexts one is needed; empty: any will do. */
  readonly contexts: Uint8Array[];
  /** These authentication methods are all needed. */
  readonly authenticationMethods: Uint8Array[];
  /** How long ago the user may have authenticated, seconds; `NONE`: any time. */
  readonly maxAge: u32;
  /** From here on screen and model deny, millionths, by the route's false-positive budget; `NONE`: as shipped. */
  readonly denyAlone: u32;
  readonly modelDeny: u32;
  /** A score from here on, millionths, asks for the ways of authentication above; `NONE`: every request does. */
  readonly stepUpFrom: u32;

  constructor(
    blob: PolicyBlob,
    readonly index: i32,
  ) {
    const record = blob.record(SECTION_ROUTES, index);
    const flags = load<u32>(record, 4);
    this.name = blob.string(load<u32>(record));
    this.mode = <u8>(flags & 3);
    this.floor = <u8>((flags >> 11) & 3);
    this.ceiling = <u8>((flags >> 13) & 3);
    this.isPublic = (flags & FLAG_PUBLIC) != 0;
    this.score = <u8>((flags >> 3) & 3);
    this.askAlways = (flags & FLAG_ASK_ALWAYS) != 0;
    this.openWhenUnavailable = (flags & FLAG_OPEN) != 0;
    this.prefixWhenTooLarge = (flags & FLAG_PREFIX) != 0;
    this.hasTokenGrant = (flags & FLAG_TOKEN_GRANT) != 0;
    this.hasKeyGrant = (flags & FLAG_KEY_GRANT) != 0;
    this.isLogin = (flags & FLAG_LOGIN) != 0;
    this.wantsAssertion = (flags & FLAG_ASSERTION) != 0;
    this.deadlineMillis = load<u32>(record, 12);
    this.maxBody = load<u32>(record, 16);
    this.firstGrant = load<u32>(record, 20);
    this.grantCount = load<u32>(record, 24);
    this.firstDeny = load<u32>(record, 28);
    this.denyCount = load<u32>(record, 32);
    this.senderConstraint = (flags >> 9) & 3;
    this.evidence = (flags >> 17) & 3;
    this.openWhenStale = (flags & FLAG_STALE_OPEN) != 0;
    this.contexts = stringRun(blob, load<u32>(record, 36), load<u32>(record, 40));
    this.authenticationMethods = stringRun(blob, load<u32>(record, 44), load<u32>(record, 48));
    this.maxAge = load<u32>(record, 52);
    this.denyAlone = load<u32>(record, 56);
    this.modelDeny = load<u32>(record, 60);
    this.stepUpFrom = load<u32>(record, 64);
  }
}
