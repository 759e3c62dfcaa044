/** The checks in the order in which the filter makes them. */
export const checks = ["request", "identity", "route", "privilege", "score"] as const;
export type Check = (typeof checks)[number];

/** A reason code in words. */
export interface ReasonText {
  readonly check: Check;
  readonly says: string;
  /** What would have to change for the request to pass. */
  readonly change: string;
}

const newToken = "Send a token that the policy's issuer signed for this audience, or none on a public route.";

const noAttack = "If it is no attack, say so (`postern review ID --benign --why …`, by the policy's operators).";

/** Every reason of `filter/verdict.ts` but `permitted`, by its private code. */
export const reasonTexts: Readonly<Record<string, ReasonText>> = {
  too_many_headers: {
    check: "request",
    says: "the request has too many headers",
    change: "The client must send fewer headers.",
  },
  headers_too_large: {
    check: "request",
    says: "the headers are too large",
    change: "The client must send smaller headers; large cookies are the usual cause.",
  },
  header_duplicate: {
    check: "request",
    says: "a header that may stand only once stands twice",
    change: "The client, or a proxy in front, must send that header once.",
  },
  host_malformed: {
    check: "request",
    says: "the host is not a valid authority",
    change: "The client must send a valid Host (RFC 9110, section 7.2).",
  },
  method_override: {
    check: "request",
    says: "a header asks for another method than the one that was judged",
    change: "The client must use the method itself and drop X-HTTP-Method-Override and its kin.",
  },
  path_override: {
    check: "request",
    says: "a header asks for another path than the one that was judged",
    change: "The client must use the path itself and drop X-Original-URL and its kin.",
  },
  path_malformed: {
    check: "request",
    says: "the path holds bytes that no path may hold",
    change: "The client must send a path without NUL, control bytes, backslashes and overlong UTF-8.",
  },
  path_ambiguous: {
    check: "request",
    says: "the path would mean something else once it is normalised",
    change: "The client must send the path without dot segments and without encodings that change its route.",
  },
  route_not_found: {
    check: "route",
    says: "no route of the policy matches",
    change: "Add a route for this host and path to the policy, or correct the client's URL.",
  },
  method_not_allowed: {
    check: "route",
    says: "the route matches, its methods don't",
    change: "Add the method to the route's match.methods, or correct the client.",
  },
  token_missing: {
    check: "identity",
    says: "the route asks for a token and none was sent",
    change: "Send `authorization: Bearer <token>`, or make the route public.",
  },
  token_malformed: {
    check: "identity",
    says: "the token is not a well-formed JWT, or has no `exp`",
    change: newToken,
  },
  token_algorithm: {
    check: "identity",
    says: "the token's algorithm is not one that the policy allows",
    change: "Sign with an algorithm of the issuer's list in the policy, or add it there.",
  },
  token_embedded_key: {
    check: "identity",
    says: "the token brings its own key (jwk, jku, x5u or x5c)",
    change: "The issuer must leave keys out of the token's header; keys come from the policy only.",
  },
  token_critical: {
    check: "identity",
    says: "the token has a critical extension that the filter doesn't know",
    change: "The issuer must leave `crit` out of the token's header (RFC 7515, section 4.1.11).",
  },
  token_issuer: {
    check: "identity",
    says: "the token's issuer is not in the policy",
    change: "Get the token from an issuer of the policy, or add the issuer to identity.issuers.",
  },
  token_key: {
    check: "identity",
    says: "no key of the issuer fits the token's kid and algorithm",
    change: "Add the issuer's current key to its JWKS; after a rotation the old file is the usual cause.",
  },
  token_signature: { check: "identity", says: "the token's signature is wrong", change: newToken },
  token_expired: {
    check: "identity",
    says: "the token has expired",
    change: "Get a fresh token; if it should be fresh, compare the clocks (clockSkew).",
  },
  token_not_yet_valid: {
    check: "identity",
    says: "the token is not valid yet (nbf)",
    change: "Wait for its time; if it should be valid, compare the clocks (clockSkew).",
  },
  token_issued_in_future: {
    check: "identity",
    says: "the token was issued in the future (iat)",
    change: "Compare the issuer's clock with the gateway's (clockSkew).",
  },
  token_audience: {
    check: "identity",
    says: "the token is for another audience",
    change: "Ask the issuer for a token with an audience of the policy, or add the audience there.",
  },
  verification_budget: {
    check: "identity",
    says: "too many unknown tokens at once: this one could not be verified in time",
    change: "Try again; if it lasts, look in the log for a flood of bad tokens.",
  },
  token_unverifiable: {
    check: "identity",
    says: "only the sidecar can verify a token of this algorithm, and it did not answer in time",
    change: "Try again once the sidecar serves (its log says why it does not); tokens that were verified before go on.",
  },
  keys_unavailable: {
    check: "identity",
    says: "the issuer's keys were never fetched, or so long ago that none of its tokens is believed (jwks.maxAge)",
    change: "Make the issuer's jwks.uri reachable for the sidecar (its log says why it is not), or raise jwks.maxAge.",
  },
  token_revoked: {
    check: "identity",
    says: "the token is revoked: by its jti, sub, kid or issuer",
    change:
      "The client must authenticate anew; `postern revoke list` shows what an operator revoked, and `undo` takes it back.",
  },
  revocations_stale: {
    check: "identity",
    says: "the list of revocations is older than the policy allows (revocation.maxAge), so that the token may be revoked",
    change: "Bring the file of revocations up to date (or touch it), and see that the sidecar runs.",
  },
  token_confirmation: {
    check: "identity",
    says: "the token's cnf binds it in a way that can't be checked here",
    change: "The issuer must bind its tokens by `x5t#S256` or `jkt`, or not at all.",
  },
  token_certificate: {
    check: "identity",
    says: "the token is bound to another client certificate than the connection's (RFC 8705)",
    change: "The client must connect with the certificate that the token was issued for.",
  },
  token_unbound: {
    check: "identity",
    says: "issuer or route ask for a token that is bound to its sender (senderConstrained), and this one is not so",
    change: "Get a token that is bound to the client's certificate or DPoP key, or take senderConstrained away.",
  },
  dpop_scheme: {
    check: "identity",
    says: "a DPoP-bound token sent as Bearer, or another one sent as DPoP (RFC 9449)",
    change: "Send a DPoP-bound token as `authorization: DPoP <token>` with a proof, any other as `Bearer`.",
  },
  dpop_proof_missing: {
    check: "identity",
    says: "the token is DPoP-bound and no proof came with it",
    change: "Send a fresh proof in the header `DPoP`.",
  },
  dpop_proof_malformed: {
    check: "identity",
    says: "not one proof of at most 4 KiB with its required members and a usable public key",
    change: "The client must send one proof as RFC 9449 section 4.2 has it, signed with ES256 or RS256.",
  },
  dpop_proof_key: {
    check: "identity",
    says: "the proof's key is not the one that the token is bound to",
    change: "Sign the proof with the key that the token was issued for.",
  },
  dpop_proof_target: {
    check: "identity",
    says: "htm or htu name another request",
    change:
      "Make the proof for this method and URI; behind a proxy that changes scheme or host, set identity.dpop.origins.",
  },
  dpop_proof_token: {
    check: "identity",
    says: "ath names another token",
    change: "Make the proof for the token that it is sent with (`ath`).",
  },
  dpop_proof_time: {
    check: "identity",
    says: "iat is to come, too long ago, or before the gateway's start, or the proof's own exp or nbf say so",
    change: "Make a fresh proof for each request; if it is fresh, compare the clocks.",
  },
  dpop_nonce: {
    check: "identity",
    says: "the policy asks for a nonce of the gate, and the proof has none or an old one",
    change: "Repeat the request with a proof that has the nonce of the header `DPoP-Nonce`; standard clients do.",
  },
  dpop_proof_signature: {
    check: "identity",
    says: "the proof's signature does not verify",
    change: "Sign the proof with the key in its header.",
  },
  dpop_proof_replayed: {
    check: "identity",
    says: "the proof was used before",
    change: "Make a fresh proof, with a `jti` of its own, for each request.",
  },
  dpop_replay_window: {
    check: "identity",
    says: "there is no room to remember the proof, so that it can't be accepted",
    change: "Try again; if it lasts, shorten identity.dpop.maxAge.",
  },
  flood_limit: {
    check: "identity",
    says: "the client's address, or the subject, has failed too often within the window of `limits`",
    change: "Wait until the window is over. Behind a proxy, `limits.trustedHops` tells its clients apart.",
  },
  api_key_missing: {
    check: "identity",
    says: "the route asks for an API key and none was sent",
    change: "Send the key in the header of `identity.apiKeys`, or make the route public.",
  },
  api_key_unknown: {
    check: "identity",
    says: "the API key is none of the policy's, or was sent twice",
    change: "Send a key whose SHA-256 stands in `identity.apiKeys.keys`.",
  },
  api_key_expired: {
    check: "identity",
    says: "the API key has expired",
    change: "Make a new key, or move its `expires` in `identity.apiKeys.keys`.",
  },
  grant_denied: {
    check: "privilege",
    says: "a grant of the route's `deny` fits",
    change: "Nothing, if it is meant; else narrow that grant, or let it expire.",
  },
  grant_missing: {
    check: "privilege",
    says: "the identity is verified, and no grant of the route fits it",
    change: "Give the subject the scopes, claims or workload id that a grant asks for, or add a grant.",
  },
  certificate_expired: {
    check: "identity",
    says: "the client certificate by which the request was let in expired while its stream was open",
    change: "The client must connect anew, with a certificate that is still good.",
  },
  authentication_insufficient: {
    check: "privilege",
    says: "the user did not authenticate as the route's stepUp asks for",
    change: "Authenticate again, with what the answer's WWW-Authenticate names.",
  },
  assertion_unavailable: {
    check: "privilege",
    says: "the route gives identity on in a signed form, and the sidecar did not sign it in time",
    change: "Try again once the sidecar is back (STATE/log/sidecar.log says why it is away).",
  },
  request_incomplete: {
    check: "score",
    says: "the client went away before the whole request was there to be judged",
    change: "Nothing was forwarded. If it happens often, look at the client's timeouts.",
  },
  body_too_large: {
    check: "score",
    says: "the body, as sent or inflated, is larger than the route lets the score read",
    change: "Send a smaller body, raise score.maxBody (at most 256KiB), or choose onTooLarge: prefix.",
  },
  body_encoding: {
    check: "score",
    says: "the body's encoding can't be inspected",
    change:
      "The client must send the body whole and as its content-encoding says (gzip or deflate, at most two), in a character set like UTF-8.",
  },
  upgrade_unscored: {
    check: "score",
    says: "the request asks for an upgrade, and the route scores bodies: what follows an upgrade has no end to wait for",
    change: "Give upgrades (WebSocket) a route of their own with score: headers.",
  },
  inspection_budget: {
    check: "score",
    says: "so many bodies streamed by at once that there was no room for a copy of this one",
    change: "Nothing: on a rung that denies, the body waits in Envoy and needs no copy.",
  },
  score_unavailable: {
    check: "score",
    says: "the model could not answer, and the route is closed without it",
    change: "Try again once the sidecar is back, or choose score.onUnavailable: open (the screen then decides alone).",
  },
  attack_scored: {
    check: "score",
    says: "the model takes a value of the request for an attack",
    change: noAttack,
  },
  attack_screened: {
    check: "score",
    says: "the screen in the filter is sure that a value of the request is an attack",
    change: noAttack,
  },
  score_step_up: {
    check: "score",
    says: "the score asks for more of the user than the token says, by the route's stepUp",
    change: "Authenticate again, with what the answer's WWW-Authenticate names; or raise stepUp.fromScore.",
  },
  log_unavailable: {
    check: "request",
    says: "the policy says `log: required`, and the record could not be put on the disk in time",
    change: "Look whether the sidecar runs and its disk has room (STATE/log/sidecar.log), or choose log: batched.",
  },
};
