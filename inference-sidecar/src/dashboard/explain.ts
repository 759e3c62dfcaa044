import type { LogRecord } from "../decision-log/record.ts";

const SCORED_BY: Readonly<Record<string, string>> = {
  nothing: "Score: none was asked for, or the request was decided before it.",
  screen: "Score: by the screen in the filter, which was sure",
  model: "Score: by the model",
  screen_alone: "Score: the model could not answer; the screen alone, at its stricter threshold",
  uninspected: "Score: the request could not be inspected",
};

/** Why a decision was made, a sentence a check, in the order of the checks. Pure. */
export function explain(record: LogRecord): string[] {
  return [outcome(record), route(record), identity(record), ...score(record), answer(record)];
}

function outcome({ effect, reason, wouldDeny, rung }: LogRecord): string {
  if (effect === "deny") return `Denied: ${reason}. The route stands on ${rung}.`;
  return wouldDeny === null
    ? "Permitted: no check objected."
    : `Permitted because the route stands on ${rung}; a higher rung would have denied it: ${wouldDeny}.`;
}

function route({ route: name, subject }: LogRecord): string {
  if (name === "") return "Route: none matched.";
  return subject.grant === ""
    ? `Route: ${name}; no grant was needed or none fitted.`
    : `Route: ${name}, by the grant ${subject.grant}.`;
}

function identity({ subject }: LogRecord): string {
  const token = subject.token === "" ? "not looked at" : subject.token;
  const verified =
    subject.issuer === "" ? "" : ` (issuer ${subject.issuer}, subject ${subject.sub ?? (subject.id || "none")})`;
  const workload = subject.workload === "" ? "" : ` Workload: ${subject.workload}.`;
  const apiKey = subject.apiKey === "" ? "" : ` API key: ${subject.apiKey}.`;
  return `Token: ${token}${verified}.${workload}${apiKey}`;
}

function score({ score }: LogRecord): string[] {
  const by = SCORED_BY[score.by] ?? `Score: by ${score.by}`;
  if (score.by === "nothing") return [by];
  const likeliest = score.class === "" || score.class === "benign" ? "" : `, likeliest class ${score.class}`;
  const value = score.by === "uninspected" ? "" : `: ${score.value.toFixed(4)}${likeliest}`;
  const sentences = [`${by}${value}.`];
  if (score.uninspected !== null) sentences.push(`Not inspected: ${score.uninspected}.`);
  if (score.finding !== null) {
    const { field, start, end, decodings } = score.finding;
    const decoded = decodings.length === 0 ? "as sent" : `after decoding ${decodings.join(", then ")}`;
    sentences.push(`Worst value: ${field}, bytes ${start} to ${end}, ${decoded}.`);
  }
  return sentences;
}

function answer({ response }: LogRecord): string {
  if (response === null) return "Response: none is known, the stream has not ended or ext_authz decided.";
  if (response.status === 0) return "Response: none, the stream ended before.";
  const ended = response.ended === null ? "" : `; then the gate ended the stream: ${response.ended}`;
  return `Response: ${response.status}, ${response.bytes} bytes${ended}.`;
}
