import { join, relative } from "node:path";
import { type DemoFolder, demoFolder } from "../demo/folder.ts";
import { startUpstream } from "../demo/upstream.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { shellWord } from "../render/shell-word.ts";
import { interrupted, onInterruption } from "./interruption.ts";
import { parseFlags } from "./parse-flags.ts";

const usage = "postern start [--check] [--state DIR]";

/** The demo: gateway, upstream, policy; with `--check` a tour through it, and 0 only if every decision was as expected. */
export async function start(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: { check: { type: "boolean", default: false }, state: { type: "string", default: "./.postern" } },
  });
  const signal = onInterruption();
  const demo = await demoFolder(join(values.state, "demo"));
  const arrived = new Set<string>();
  const upstream = await startUpstream({ onArrival: (step) => arrived.add(step) });
  try {
    const gateway = await startGateway({
      upstream: upstream.url,
      policyPath: demo.policyPath,
      listen: null,
      dashboard: null,
      stateDirectory: values.state,
      concurrency: null,
      signal,
      report: (line) => process.stderr.write(`postern: ${line}\n`),
    });
    try {
      printAddresses(gateway, demo);
      if (values.check) return (await takeTour(gateway, demo, arrived)) ? 0 : 1;
      printLinesToTry(gateway, demo);
      await interrupted(signal);
      return 0;
    } finally {
      await gateway.stop();
    }
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  } finally {
    await upstream.stop();
  }
}

/** True when every decision was the expected one. */
async function takeTour(gateway: Gateway, folder: DemoFolder, arrived: ReadonlySet<string>): Promise<boolean> {
  const [{ tour }, { printTable }] = await Promise.all([import("../demo/tour.ts"), import("../demo/table.ts")]);
  const rows = await tour({
    url: gateway.url,
    folder,
    killSidecar: async () => {
      if (gateway.sidecar.pid !== null) process.kill(gateway.sidecar.pid, "SIGKILL");
    },
    readState: async () => gateway.state.root,
    arrived: async () => arrived,
  });
  printTable(rows);
  return rows.every(({ asExpected }) => asExpected);
}

function printAddresses({ url, dashboardUrl, logKey }: Gateway, { policyPath }: DemoFolder): void {
  process.stdout.write(
    [
      `gateway    ${url}`,
      `dashboard  ${dashboardUrl}`,
      `policy     ${relative("", policyPath)} (a change is in force within a second)`,
      `log key    ${logKey}`,
      "",
    ].join("\n"),
  );
}

function printLinesToTry({ url, state }: Gateway, { authorityPath, tokenPath }: DemoFolder): void {
  const here = (path: string) => shellWord(relative("", path));
  const curl = `curl --cacert ${here(authorityPath)}`;
  process.stdout.write(
    [
      "",
      "try:",
      `  ${curl} ${url}/orders/7`,
      `  ${curl} -H "authorization: Bearer $(cat ${here(tokenPath)})" ${url}/orders/7`,
      `  ${curl} "${url}/search?q=1%27%20UNION%20SELECT%20password%20FROM%20users--"`,
      `then \`npm run -s postern -- explain ID --state ${here(state.root)}\` with the decision of an answer. Ctrl-C stops everything.`,
      "",
    ].join("\n"),
  );
}
