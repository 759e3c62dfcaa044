import type { routeCounts } from "./scenarios.ts";

/** The host that leads to a route of the policy, so that one request can be sent to any of them. */
export function hostOf(route: string): string {
  return `${route}.bench.example`;
}

const score = "{ deadline: 2s }";
const grant = "allow: [{ issuer: demo, scopes: [orders:read] }]";

/** A policy of so many routes: four that are told apart by host, then services by path, each a public GET. */
export function benchmarkPolicy(routeCount: number): string {
  const byHost = [
    route("token-only", grant, "score: off"),
    route("orders", grant, `score: ${score}`),
    route("public", "public: true", `score: ${score}`),
    route("detect", "public: true", `mode: detect, score: ${score}`),
  ];
  const services = Array.from({ length: routeCount - byHost.length }, (_, index) => {
    const name = serviceName(byHost.length + index + 1);
    return `  - {name: ${name}, match: {methods: [GET], path: "${servicePath(name, "{id}")}"}, public: true}`;
  });
  return [
    "version: 1",
    "mode: prevent",
    "identity:",
    "  issuers:",
    "    - name: demo",
    "      issuer: https://issuer.demo",
    "      audiences: [orders]",
    "      algorithms: [RS256]",
    "      jwks: { file: ./jwks.json }",
    "routes:",
    ...byHost,
    ...services,
    "",
  ].join("\n");
}

/** The path of the last route's requests in a policy of so many routes. */
export function lastPath(routeCount: (typeof routeCounts)[keyof typeof routeCounts]): string {
  return servicePath(serviceName(routeCount), "7");
}

function route(name: string, access: string, rest: string): string {
  return `  - { name: ${name}, match: { hosts: [${hostOf(name)}], path: /** }, ${access}, ${rest} }`;
}

function serviceName(number: number): string {
  return `service-${number}`;
}

function servicePath(name: string, id: string): string {
  return `/${name}/orders/${id}`;
}
