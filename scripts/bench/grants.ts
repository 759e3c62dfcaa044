import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { type Core, type Gate, loadCore } from "../core.ts";
import { secretsOf } from "../gateway/policy-force.ts";
import { evaluationRequest } from "../policy-test/case-request.ts";
import { StandIn } from "../policy-test/stand-in.ts";

// What many grants cost: `node --import tsx scripts/bench/grants.ts`. The compiled filter judges one request whose grant is
// the last of its route; the policies take turns, so that whatever else the machine does meets all of them.

const ROUNDS = 200;
const CALLS = 100;
const FEW = 10;
/** The most that one route can have. */
const ROUTE_MOST = 32;

/** `routes` routes with `each` grants; the last grant of the last route is the one that fits. */
function policyText(routes: number, each: number): string {
  const grants = Array.from({ length: each }, (_, n) => `{ issuer: demo, scopes: [s${n}], claims: { level: ${n} } }`);
  const one = (n: number) =>
    `  - { name: r${n}, match: { path: "/r${n}/{id}" }, allow: [${grants.join(", ")}], score: off }`;
  return `version: 1
identity:
  issuers: [{ name: demo, issuer: "https://i.demo", audiences: [a], algorithms: [ES256], jwks: { inline: ${KEYS} } }]
routes:
${Array.from({ length: routes }, (_, n) => one(n)).join("\n")}
`;
}

/** Of nobody: the stand-in's key takes its place. */
const KEYS = `{ keys: [{ kty: EC, crv: P-256, use: sig, x: "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", y: "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU" }] }`;

interface Contender {
  readonly name: string;
  readonly judge: () => void;
  readonly micros: number[];
}

async function contender(core: Core, name: string, routes: number, each: number): Promise<Contender> {
  const standIn = new StandIn();
  const policy = standIn.policy((await parsePolicy(policyText(routes, each), "grants.yaml")).policy);
  const at = Date.now();
  const written = { issuer: "demo", scopes: [`s${each - 1}`], claims: { level: each - 1 } };
  const token = await standIn.token(written, policy, at);
  const path = `/r${routes - 1}/7`;
  const request = evaluationRequest({ path }, { token, apiKey: null, keyHeader: "x-api-key" }, at);
  const gate: Gate = core.openGate(compilePolicy(policy).blob, secretsOf(policy));
  const { verdict, grant } = gate.evaluate(request);
  if (verdict.effect !== "permit") throw new Error(`${name}: ${verdict.reason} ${grant}`);
  return { name, judge: () => gate.evaluate(request), micros: [] };
}

const core = await loadCore();
const contenders = [
  await contender(core, `${FEW} grants on ${FEW} routes`, FEW, 1),
  await contender(core, "1,000 grants on 1,000 routes", 1000, 1),
  await contender(core, `${FEW} grants on one route`, 1, FEW),
  await contender(core, `1,024 grants, ${ROUTE_MOST} on each route`, ROUTE_MOST, ROUTE_MOST),
];
for (let round = 0; round < ROUNDS; round++) {
  for (const { judge, micros } of contenders) {
    const start = performance.now();
    for (let call = 0; call < CALLS; call++) judge();
    micros.push(((performance.now() - start) * 1000) / CALLS);
  }
}
for (const { name, micros } of contenders) {
  console.log(`${name.padEnd(36)} ${Math.min(...micros).toFixed(1)} µs, the quickest of ${ROUNDS} rounds`);
}
