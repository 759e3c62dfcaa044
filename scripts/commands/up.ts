import { startGateway } from "../gateway/gateway.ts";
import { parseAddress, parseLoopback } from "../gateway/ports.ts";
import { interrupted, onInterruption } from "./interruption.ts";
import { parseConcurrency } from "./parse-concurrency.ts";
import { parseFlags } from "./parse-flags.ts";
import { parseUpstream } from "./parse-upstream.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern up --upstream URL [--policy P] [--listen A:P] [--dashboard A:P] [--state DIR] [--concurrency N]";

/** A gateway in front of a real upstream, until it is interrupted. */
export async function up(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: {
      upstream: { type: "string" },
      policy: { type: "string" },
      listen: { type: "string" },
      dashboard: { type: "string" },
      state: { type: "string", default: "./.postern" },
      concurrency: { type: "string" },
    },
  });
  if (values.upstream === undefined)
    throw new UsageError(`--upstream URL: say which server stands behind.\nusage: ${usage}`);
  const signal = onInterruption();
  const options = {
    upstream: parseUpstream(values.upstream),
    policyPath: values.policy ?? null,
    listen: values.listen === undefined ? null : parseAddress(values.listen, "--listen"),
    dashboard: values.dashboard === undefined ? null : parseLoopback(values.dashboard, "--dashboard"),
    stateDirectory: values.state,
    concurrency: values.concurrency === undefined ? null : parseConcurrency(values.concurrency),
    signal,
    report,
  };
  const gateway = await startGateway(options).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (!gateway) return 130;
  process.stdout.write(
    [
      `gateway    ${gateway.url}  in front of ${options.upstream.origin}`,
      `dashboard  ${gateway.dashboardUrl}`,
      options.policyPath
        ? `policy     ${options.policyPath} (a change is in force within a second)`
        : "policy     none: everything is observed, nothing enforced (--policy P enforces one)",
      `state      ${gateway.state.root}`,
      `log key    ${gateway.logKey} (its public half is keys/log.pub there)`,
      "ready; Ctrl-C stops it",
      "",
    ].join("\n"),
  );
  await interrupted(signal);
  await gateway.stop();
  return 0;
}

function report(line: string): void {
  process.stderr.write(`postern: ${line}\n`);
}
