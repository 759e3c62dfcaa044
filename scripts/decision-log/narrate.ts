import { foundIn, type LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import type { Review } from "../../inference-sidecar/src/review/reviews.ts";
import { isAttack } from "./evidence-text.ts";
import { type Check, checks, reasonTexts } from "./reasons.ts";

const scoredBy: Readonly<Record<string, string>> = {
  nothing: "not scored",
  screen: "by the screen, which was sure",
  model: "by the model",
  screen_alone: "by the screen alone: the model could not answer, so its stricter threshold held",
  uninspected: "could not be inspected",
};

/**
 * One decision in words, a line each: outcome, every check, the score and where it was found, the evidence that is kept,
 * what an operator has said of it, what would change it.
 */
export function narrate(decision: LogRecord, evidence: readonly string[], review: Review | null): string[] {
  const finding = foundIn(decision) ?? "";
  const failed = reasonTexts[finding];
  return [
    `decision ${decision.id}`,
    `  ${decision.time}  ${decision.method}  route ${decision.route || "(none matched)"}, rung ${decision.rung}`,
    `  ${outcome(decision)}`,
    ...(decision.selfTest ? ["  a probe of the self-test: judged, and never forwarded"] : []),
    "",
    "checks",
    ...checks.map((check) => `  ${check.padEnd(10)} ${describeCheck(check, decision, finding, failed?.check ?? null)}`),
    `  of the five of NIST SP 800-207A: ${decision.checks?.join(", ").replaceAll("_", " ") || "none passed"}`,
    "",
    ...describeScore(decision),
    ...evidence,
    ...(review === null ? [] : describeReview(review)),
    ...(finding === "" || decision.selfTest
      ? []
      : [
          changeFor(decision),
          `  ${review !== null && isAttack(decision) ? reviewed : (failed?.change ?? `nothing is known of the reason "${finding}"`)}`,
          ...(decision.effect === "deny" && isAttack(decision)
            ? ["  On `mode: detect` such requests pass while you look at what the route is sent."]
            : []),
        ]),
  ];
}

const reviewed = "It has been reviewed, which counts for where the route stands (`postern route`).";

function describeReview({ label, operator, time, why, id }: Review): string[] {
  return ["review", `  ${label}, by ${operator} at ${time}: ${why} (\`postern review ${id} --undo\` withdraws it)`, ""];
}

function changeFor({ effect }: LogRecord): string {
  const what = "what would have to change";
  return effect === "deny" ? what : `${what} for a higher rung to permit it`;
}

function outcome({ effect, reason, wouldDeny, response }: LogRecord): string {
  const answer =
    response === null
      ? "no response is known: its stream has not ended, or ext_authz decided, which is told of none"
      : response.ended
        ? `status ${response.status}, ${response.bytes} bytes, then ended by the gate: ${reasonTexts[response.ended]?.says ?? response.ended}`
        : response.status === 0
          ? "the client left before the response"
          : `status ${response.status}, ${response.bytes} bytes`;
  if (effect === "deny") return `DENIED (${reason}): ${answer}`;
  return wouldDeny ? `permitted, a higher rung would have denied it (${wouldDeny}): ${answer}` : `permitted: ${answer}`;
}

function describeCheck(check: Check, decision: LogRecord, finding: string, failed: Check | null): string {
  const { subject } = decision;
  if (check === failed) {
    const grant = finding === "grant_denied" ? `: ${subject.grant}` : "";
    const more = check === "privilege" ? lapsed(decision) : "";
    return `FAILED  ${reasonTexts[finding]?.says} (${finding})${grant}${more}`;
  }
  switch (check) {
    case "request":
      return "passed  headers and path";
    case "identity":
      return describeIdentity(decision);
    case "route":
      return decision.route ? `passed  ${decision.route}` : "none";
    case "privilege":
      return `${subject.grant ? `passed  grant ${subject.grant}` : "no grant was needed or reached"}${lapsed(decision)}`;
    case "score":
      return describeScoreCheck(decision, finding);
  }
}

/** Where another check has found something, the score was never held against its thresholds. */
function describeScoreCheck({ score }: LogRecord, finding: string): string {
  if (score.by === "nothing") return "not made";
  const value = score.by === "uninspected" ? scoredBy.uninspected : score.value.toFixed(4);
  return finding === "" ? `passed  ${value}` : `made, and did not decide: ${value}`;
}

/** Records of before this field have none. */
function lapsed({ subject }: LogRecord): string {
  return subject.expiredGrant ? `; grant ${subject.expiredGrant} would have decided, but has expired` : "";
}

function describeIdentity({ subject }: LogRecord): string {
  const token = subject.token === "valid" ? describeToken(subject) : `token: ${subject.token || "not looked at"}`;
  const named = subject.apiKey ? [`API key ${subject.apiKey}`] : [];
  if (subject.workload) named.push(`workload ${subject.workload}`);
  return [token, ...named].join("; ");
}

/** One that is valid; a workload's own (JWT-SVID) is of no issuer. */
function describeToken({ issuer, sub, id }: LogRecord["subject"]): string {
  if (issuer === "") return "token of a workload (JWT-SVID)";
  return `token of ${issuer}, ${sub ? `subject ${sub}` : id ? `subject ${id} (hashed)` : "without a subject"}`;
}

function describeScore({ score }: LogRecord): string[] {
  if (score.by === "nothing") return [];
  return [
    "score",
    `  ${score.by === "uninspected" ? "" : `${score.value.toFixed(4)} `}${scoredBy[score.by] ?? score.by}${score.class !== "" && score.class !== "benign" ? `; likeliest class ${score.class}` : ""}`,
    ...(score.surprisal ? [`  ${describeSurprisal(score.surprisal)}`] : []),
    ...(score.uninspected ? [`  not inspected: ${reasonTexts[score.uninspected]?.says ?? score.uninspected}`] : []),
    ...(score.finding ? [`  worst value: ${describeFinding(score.finding)}`] : []),
    "",
  ];
}

function describeSurprisal({ bits, usual }: NonNullable<LogRecord["score"]["surprisal"]>): string {
  return `${bits.toFixed(1)} bits a byte by the language model of benign values; ${usual.toFixed(1)} are usual in such a field`;
}

function describeFinding({ field, start, end, decodings }: NonNullable<LogRecord["score"]["finding"]>): string {
  const decoded = decodings.length === 0 ? "as sent" : `after decoding ${decodings.join(", then ")}`;
  return `${field}, bytes ${start} to ${end}, ${decoded}`;
}
