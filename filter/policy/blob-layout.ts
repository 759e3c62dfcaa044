// Layout of the compiled policy, version 3. All integers are little-endian u32 unless said otherwise; offsets count from
// the first byte of the blob. `inference-sidecar/src/policy/blob-layout.ts` writes what is read here.
//
//   0  "PSTN"          4  u16 version, u16 zero          8  SHA-256 of everything from byte 40 on
//  40  length of the blob                               44  rung on which requests stand that no route matches
//  48  string indices of the subject, issuer, workload and scopes headers
//  64  trust domains (start, count in LIST)             72  identities believed in XFCC (start, count in LIST)
//  80  root node for any host, or NONE                  84  log: 0 batched, 1 required
//  88  age of a DPoP proof in seconds, at most           92  1: a DPoP proof needs a nonce
//  96  origins of the gate (start, count in LIST)
// 104  string index of the header that brings API keys      108  1: it goes on to the upstream
// 112  string index of the header that names an API key to the upstream
// 116  trusted proxies in front                            120  failures of one client address until it is limited
// 124  the same of one subject                             128  seconds in which they count; 0: nothing is limited
// 132  claims that the upstream is told (start, count in LIST: claim and its header in turn)
// 140  string indices of an assertion's header, issuer and audience
// 152  lifetime of an assertion in seconds; 0: none is made      156  claims that it repeats (start, count in LIST)
// 164  section directory: (offset, count of records) each, in the order of `SECTION_…`

export const MAGIC: u32 = 0x4e545350;
export const VERSION: u32 = 3;
export const NONE: u32 = 0xffffffff;

export const DIGEST_OFFSET: i32 = 8;
export const DIGESTED_OFFSET: i32 = 40;
export const LENGTH_OFFSET: i32 = 40;
export const MODE_OFFSET: i32 = 44;
export const HEADER_NAMES_OFFSET: i32 = 48;
export const TRUST_DOMAINS_OFFSET: i32 = 64;
export const FORWARDED_FROM_OFFSET: i32 = 72;
export const ANY_HOST_OFFSET: i32 = 80;
export const LOG_OFFSET: i32 = 84;
export const PROOF_AGE_OFFSET: i32 = 88;
export const PROOF_NONCE_OFFSET: i32 = 92;
export const ORIGINS_OFFSET: i32 = 96;
export const KEY_HEADER_OFFSET: i32 = 104;
export const KEY_FORWARD_OFFSET: i32 = 108;
export const KEY_NAME_HEADER_OFFSET: i32 = 112;
export const TRUSTED_HOPS_OFFSET: i32 = 116;
export const ADDRESS_FAILURES_OFFSET: i32 = 120;
export const SUBJECT_FAILURES_OFFSET: i32 = 124;
export const LIMIT_WINDOW_OFFSET: i32 = 128;
export const TOLD_CLAIMS_OFFSET: i32 = 132;
export const ASSERTION_TEXTS_OFFSET: i32 = 140;
export const ASSERTION_LIFETIME_OFFSET: i32 = 152;
export const ASSERTION_CLAIMS_OFFSET: i32 = 156;
export const DIRECTORY_OFFSET: i32 = 164;

/** offset, length */
export const SECTION_STRINGS: i32 = 0;
/** string index; scopes, workloads, audiences, trust domains and forwarders are runs of it */
export const SECTION_LIST: i32 = 1;
/**
 * name, issuer, audiences (start, count), algorithms, keys (start, count), environment name of the secret, skew in seconds,
 * sender constraint, trust domain (empty: no JWT-SVIDs), age of fetched keys in seconds at most (0: they are the policy's),
 * age of the list of revocations in seconds at most (0: any), URI that keys are fetched from (empty: they are the policy's)
 */
export const SECTION_ISSUERS: i32 = 2;
/** kid (empty: none), algorithms, SPKI: string indices but for the algorithms */
export const SECTION_KEYS: i32 = 3;
/**
 * name, flags, methods, deadline in ms, largest body in bytes, grants that allow (start, count), grants that deny (start, count),
 * `acr` values of which one is needed (start, count), `amr` values that are all needed (start, count), age of the
 * authentication in seconds at most or NONE, from where on screen and model deny in millionths or NONE, score from which on
 * the way of authentication is asked for in millionths or NONE (always)
 */
export const SECTION_ROUTES: i32 = 4;
/**
 * issuer or NONE, scopes (start, count), claims (start, count), workloads (start, count), id, expiry in Unix seconds or NONE,
 * networks (start, count), headers (start, count in CLAIMS), times (start, count), names of API keys (start, count in LIST)
 */
export const SECTION_GRANTS: i32 = 5;
/** name of a claim or header, values (start, count): one must match */
export const SECTION_CLAIMS: i32 = 6;
/** kind (`VALUE_…`), text */
export const SECTION_CLAIM_VALUES: i32 = 7;
/** host in lower case, root node; sorted by bytes */
export const SECTION_EXACT_HOSTS: i32 = 8;
/** suffix with its leading dot, root node; sorted by bytes */
export const SECTION_SUFFIX_HOSTS: i32 = 9;
/** lowest route index below, literals (start, count in EDGES), node of `{name}` or NONE, routes that end here, routes of `/**` */
export const SECTION_NODES: i32 = 10;
/** segment, node; sorted by bytes within a node */
export const SECTION_EDGES: i32 = 11;
/** route index; ascending within a node */
export const SECTION_ENTRIES: i32 = 12;
/** address as four words, the first bits in the first; bits of the prefix. IPv4 as ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */
export const SECTION_NETWORKS: i32 = 13;
/** minutes of the week from Monday 00:00 UTC: start, end (not included) */
export const SECTION_TIMES: i32 = 14;
/** name, SHA-256 of the key (a string of 32 bytes), expiry in Unix seconds or NONE */
export const SECTION_API_KEYS: i32 = 15;
export const SECTION_COUNT: i32 = 16;
export const HEADER_SIZE: i32 = DIRECTORY_OFFSET + SECTION_COUNT * 8;

/** Bytes of one record, by section. */
export const RECORD_SIZES: StaticArray<i32> = [8, 4, 56, 12, 68, 68, 12, 8, 8, 8, 32, 8, 4, 20, 8, 12];

export const LOG_REQUIRED: u32 = 1;

// How a value is compared: equal as text, number or boolean; text that begins so; number within a bound.
export const VALUE_STRING: u32 = 0;
export const VALUE_NUMBER: u32 = 1;
export const VALUE_BOOLEAN: u32 = 2;
export const VALUE_PREFIX: u32 = 3;
export const VALUE_AT_LEAST: u32 = 4;
export const VALUE_ABOVE: u32 = 5;
export const VALUE_AT_MOST: u32 = 6;
export const VALUE_BELOW: u32 = 7;

// Route flags: bits 0-1 rung, 2 public, 3-4 score, 5 ask always, 6 open when unavailable, 7 prefix when too large, 8 token grant,
// 9-10 sender constraint, 11-12 floor and 13-14 ceiling of the ladder, 15 open when the list of revocations is stale, 16 API
// key grant, 17-18 evidence, 19 login, 20 assertion.
export const FLAG_PUBLIC: u32 = 1 << 2;
export const FLAG_ASK_ALWAYS: u32 = 1 << 5;
export const FLAG_OPEN: u32 = 1 << 6;
export const FLAG_PREFIX: u32 = 1 << 7;
export const FLAG_TOKEN_GRANT: u32 = 1 << 8;
export const FLAG_STALE_OPEN: u32 = 1 << 15;
export const FLAG_KEY_GRANT: u32 = 1 << 16;
export const FLAG_LOGIN: u32 = 1 << 19;
export const FLAG_ASSERTION: u32 = 1 << 20;
export const FLAGS_ALL: u32 = (1 << 21) - 1;

/** Sender constraints, and sets of the ways in which a token was bound: both bits as a constraint mean any of the two. */
export const BOUND_BY_CERTIFICATE: u32 = 1;
export const BOUND_BY_PROOF: u32 = 2;

// Bounds that the compiler keeps and the decoder insists on.
export const MAXIMUM_RUN: u32 = 64;
export const MAXIMUM_DEPTH: u8 = 66;
export const MAXIMUM_ENTRIES: u32 = 9;
export const MAXIMUM_PROOF_AGE: u32 = 300;
export const MAXIMUM_HOPS: u32 = 8;
export const MAXIMUM_LIMIT_WINDOW: u32 = 3600;
export const MAXIMUM_ASSERTION_LIFETIME: u32 = 600;
export const METHODS_ALL: u32 = (1 << 9) - 1;
export const MINUTES_OF_WEEK: u32 = 7 * 24 * 60;
