import { createHash } from "node:crypto";

export const webWorkload = "spiffe://edge.example/ns/shop/sa/web";
export const proxyWorkload = "spiffe://edge.example/ns/edge/sa/proxy";

/** By name; the second one has expired. */
export const apiKeys = { till: "4d1c8f0e-till-7", old: "90aa7b12-till-3" };
const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");

/** Every rung, kind of grant, extent of a score and way out of it; deadlines that a busy machine keeps. */
export const parityPolicy = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - name: shop
      issuer: https://issuer.shop.example
      audiences: [orders]
      algorithms: [RS256, ES256, HS256]
      jwks: { file: ./shop.json }
      secret: { file: ./shared.key }
    - name: partner
      issuer: https://partner.example
      audiences: [orders, stock]
      algorithms: [ES256]
      jwks: { file: ./partner.json }
  apiKeys:
    keys:
      - { name: till, sha256: ${sha256(apiKeys.till)} }
      - { name: old, sha256: ${sha256(apiKeys.old)}, expires: "2025-01-01T00:00:00Z" }
  workloads:
    trustDomains: [edge.example]
    trustBundle: { file: ./ca.pem }
    forwardedFrom: [${proxyWorkload}]
routes:
  - { name: health, match: { methods: [GET, HEAD], path: /healthz }, public: true, score: off }
  - name: admin
    match: { hosts: [admin.shop.example], path: /** }
    allow: [{ issuer: shop, scopes: [admin] }]
    score: { deadline: 30s }
  - name: orders
    match: { hosts: [shop.example, "*.shop.example"], methods: [GET, POST, DELETE], path: "/orders/{id}" }
    allow:
      - { issuer: shop, scopes: [orders:read] }
      - { issuer: partner, claims: { tier: [gold, 7] } }
      - { workloads: [${webWorkload}] }
    score: { deadline: 30s, maxBody: 16KiB }
  - { name: items, match: { path: "/orders/{id}/items/**" }, allow: [{ issuer: shop, scopes: [orders:read, profile] }], score: headers }
  - { name: tills, match: { path: /tills/** }, allow: [{ apiKeys: [till, old] }], score: { deadline: 30s, maxBody: 16KiB } }
  - { name: search, match: { methods: [GET, POST, PUT], path: /search/** }, public: true, score: { deadline: 30s, maxBody: 16KiB } }
  - { name: uploads, match: { path: /uploads/** }, public: true, score: { deadline: 30s, maxBody: 4KiB, onTooLarge: prefix } }
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always, deadline: 30s } }
  - { name: watched, match: { path: /watched/** }, allow: [{ issuer: shop }, { workloads: ["spiffe://edge.example/*"] }], mode: detect, score: { deadline: 30s, maxBody: 16KiB } }
  - { name: seen, match: { path: /seen/** }, allow: [{ issuer: shop, scopes: [orders:read] }], mode: observe, score: { deadline: 30s, maxBody: 8KiB } }
`;
