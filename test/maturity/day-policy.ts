/** The policy of the recorded day, with `comments` on a rung. Its secret is no secret: the day is the same each time. */
export const daySecret = "the-same-secret-on-every-run-of-this-recorded-day";

export type Rung = "observe" | "detect" | "prevent";

export function dayPolicy(comments: Rung): string {
  return `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./edge.pem }, key: { file: ./edge.key } } }
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.example", audiences: [orders], algorithms: [HS256], secret: { file: ./shop.secret } }
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./edge.pem } }
routes:
  - { name: health, match: { methods: [GET], path: /healthz }, public: true, score: off }
  - name: read-orders
    match: { methods: [GET], path: "/orders/{id}" }
    allow:
      - { issuer: shop, scopes: [orders:read], owner: orders-team, reason: customers look at their orders }
      - { workloads: [${webWorkload}] }
  - name: write-orders
    match: { methods: [POST, PUT], path: /orders }
    allow: [{ issuer: shop, scopes: [orders:write], claims: { tier: [gold, silver] } }]
  - name: admin
    match: { path: /admin/** }
    allow: [{ issuer: shop, scopes: [admin], owner: operations, reason: on call, expires: 2027-01-01T00:00:00Z }]
  - { name: search, match: { methods: [GET], path: /search }, public: true }
  - { name: comments, match: { methods: [POST], path: /comments/** }, public: true, mode: ${comments}, score: { ask: always } }
`;
}

export const webWorkload = "spiffe://edge.example/ns/shop/sa/web";
