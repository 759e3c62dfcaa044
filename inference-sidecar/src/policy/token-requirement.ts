import type { PolicyDocument } from "./document.ts";
import { parseDuration, parsePercent } from "./units.ts";
import { hasGaps, type Partly, type WrittenPolicy, type WrittenRoute } from "./written-policy.ts";

type Policy = Partly<WrittenPolicy>;
type PlacePath = readonly (string | number)[];

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** Reports what is required of tokens (sender constraints, step-up, proofs, fresh revocations) in a way that has no effect or that nothing can fulfil. */
export function checkTokenRequirements(document: PolicyDocument, policy: Policy): void {
  const { issuers = [], dpop } = policy.identity ?? {};
  checkAge(document, dpop?.maxAge, 300 * SECOND, "1s to 5m", ["identity", "dpop", "maxAge"]);
  checkAge(document, policy.revocation?.maxAge, 30 * DAY, "1s to 720h", ["revocation", "maxAge"]);
  for (const [index, issuer] of issuers.entries()) {
    if (issuer?.senderConstrained === "mtls") checkCertificates(document, policy, ["identity", "issuers", index]);
  }
  for (const [index, route] of (policy.routes ?? []).entries()) {
    if (!route) continue;
    const at = ["routes", index];
    if (route.senderConstrained === "mtls") checkCertificates(document, policy, at);
    checkAge(document, route.stepUp?.maxAge, 30 * DAY, "1s to 720h", [...at, "stepUp", "maxAge"]);
    checkRisk(document, route, [...at, "stepUp", "fromScore"]);
    checkEffect(document, route, at);
  }
}

function checkCertificates(document: PolicyDocument, policy: Policy, at: PlacePath): void {
  if (policy.identity?.workloads || hasGaps(policy.identity ?? policy)) return;
  const message = "no client certificate is asked for";
  const expected = "`identity.workloads` with a trust bundle";
  document.report("token_requirement", [...at, "senderConstrained"], message, expected);
}

/** Without a token there is no sender to constrain, and no user to ask for more. */
function checkEffect(document: PolicyDocument, route: Partly<WrittenRoute>, at: PlacePath): void {
  if (hasGaps(route)) return;
  const grants = (route.allow ?? []).filter((grant) => grant !== undefined);
  const withToken = grants.filter((grant) => "issuer" in grant).length;
  if (route.senderConstrained && withToken === 0) {
    const message = "no grant of this route asks for a token";
    document.report("token_requirement", [...at, "senderConstrained"], message, "a grant with `issuer`", "key");
  }
  if (route.stepUp && (withToken === 0 || withToken < grants.length)) {
    const message = "a grant without a token has no user who could authenticate again";
    document.report("token_requirement", [...at, "stepUp"], message, "`issuer` in every grant of this route", "key");
  }
}

/** A step-up by score needs a score, and something to ask for. */
function checkRisk(document: PolicyDocument, { score, stepUp }: Partly<WrittenRoute>, at: PlacePath): void {
  if (stepUp?.fromScore === undefined) return;
  const from = parsePercent(stepUp.fromScore) ?? 0;
  if (from <= 0 || from >= 1) {
    document.report("out_of_range", at, `${stepUp.fromScore} of certainty`, "more than 0% and less than 100%");
  }
  if (score === "off") {
    document.report("token_requirement", at, "this route has no score", "a route with `score`", "key");
  }
  if (!hasGaps(stepUp) && Object.keys(stepUp).length === 1) {
    document.report(
      "token_requirement",
      at,
      "nothing is asked of the user",
      "`acr`, `amr` or `maxAge` beside it",
      "key",
    );
  }
}

function checkAge(
  document: PolicyDocument,
  text: string | undefined,
  mostMs: number,
  expected: string,
  at: PlacePath,
): void {
  if (text === undefined) return;
  const age = parseDuration(text);
  if (age !== null && age >= SECOND && age <= mostMs && age % SECOND === 0) return;
  document.report("out_of_range", at, `age ${text}`, `whole seconds, ${expected}`);
}
