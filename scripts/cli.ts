import { type Command, runCommand } from "./run-command.ts";

const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./commands/start.ts")).start,
  up: async () => (await import("./commands/up.ts")).up,
  check: async () => (await import("./commands/check.ts")).check,
  init: async () => (await import("./commands/init.ts")).init,
  test: async () => (await import("./commands/test.ts")).test,
  explain: async () => (await import("./commands/explain.ts")).explain,
  report: async () => (await import("./commands/report.ts")).report,
  replay: async () => (await import("./commands/replay.ts")).replay,
  suggest: async () => (await import("./commands/suggest.ts")).suggest,
  route: async () => (await import("./commands/route.ts")).route,
  review: async () => (await import("./commands/review.ts")).review,
  revoke: async () => (await import("./commands/revoke.ts")).revoke,
  log: async () => (await import("./commands/log.ts")).log,
  model: async () => (await import("./commands/model.ts")).model,
  render: async () => (await import("./commands/render.ts")).render,
};

const usage = `usage: postern COMMAND …

  up --upstream URL   a gateway in front of a real upstream
     [--policy P] [--listen A:P] [--dashboard A:P] [--state DIR] [--concurrency N]
  init                writes a first policy, with comments on what to fill in
     (--openapi FILE | --state DIR) [--out FILE]
  check POLICY        validates a policy file
  test POLICY CASES   judges a table of requests, and compares with the decisions that it expects
     [--json]
  render POLICY       complete configuration for one place
     --target T --out DIR [--upstream URL] [--listen A:P] [--image REF] [--second-lock]
  explain ID          one decision: every check, the score, what would have to change
     [--state DIR] [--json]
  route list          on which rung each route stands, and what is known of the next
     [--state DIR] [--json]
  route propose|approve|demote ROUTE, route pin ROUTE RUNG|--release
     [--state DIR] [--token-file FILE] [--json]
  review ID           an operator's word on one decision; the token is in POSTERN_OPERATOR_TOKEN
     --benign|--attack --why TEXT | --undo [--state DIR] [--token-file FILE] [--json]
  log show            prints and filters the decision log
     [--state DIR] [--route R] [--effect E] [--reason R] [--since T] [--limit N] [--json]
  log verify DIR      checks hash chain and signatures of the decision log in DIR/log
     [--key FILE] [--json]
  replay              judges the recorded decisions anew, by another policy or another model
     [--state DIR] [--policy P] [--model DIR] [--json]
  suggest             what the policy could do without, as a diff of its file
     --policy P [--state DIR] [--json]
  report              the zero trust maturity that the decision log shows
     [--state DIR] [--json] [--html FILE]
  revoke              revokes tokens by jti, sub, kid or iss; in force in every worker within a second
     --jti|--sub|--kid VALUE [--iss I] [--before TIME|now] [--reason R], list, undo ID [--state DIR] [--json]
  model eval FILE     quality of screen and model on labelled requests (.jsonl, .jsonl.gz)
     [--model DIR] [--json]
  model train --data DIR --out DIR
                      a bundle from labelled data, its card with it (within an hour)
     [--seed N] [--time-limit 60m]
  model use DIR       another bundle in force, without losing a request; the one before is kept
     [--state DIR]
  start [--check]     the demo: gateway, demo upstream, demo policy; with --check also a tour through it
`;

/** Runs one command; help gives 0, usage errors 2, whatever else goes wrong 1. */
export function main(args: string[]): Promise<number> {
  return runCommand(commands, usage, args);
}
