import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { interrupted, onInterruption } from "../../scripts/commands/interruption.ts";
import { parseConcurrency } from "../../scripts/commands/parse-concurrency.ts";
import { parseUpstream } from "../../scripts/commands/parse-upstream.ts";
import { startEnforcementPoint } from "../../scripts/gateway/enforcement-point.ts";
import { fixedModule } from "../../scripts/gateway/filter-module.ts";
import { parseAddress } from "../../scripts/gateway/ports.ts";
import { prepareState, stateFolder } from "../../scripts/gateway/state.ts";

// The gateway's container: Envoy with the filter, its policy watched. The sidecar has a container of its own, without
// network: Envoy publishes its dashboard and passes its connections to the issuers on. Everything that is said goes to
// this process's own output.
const options = {
  upstream: { type: "string", default: "http://upstream:8080" },
  policy: { type: "string", default: "/etc/postern/policy.yaml" },
  listen: { type: "string", default: "0.0.0.0:8443" },
  dashboard: { type: "string", default: "0.0.0.0:9191" },
  state: { type: "string", default: "/var/lib/postern" },
  sockets: { type: "string", default: "/run/postern" },
  envoy: { type: "string", default: "/usr/local/bin/envoy" },
  wasm: { type: "string", default: "/opt/postern/container/postern.wasm" },
  concurrency: { type: "string", default: "1" },
} as const;
const startMillis = 30_000;
const report = (line: string) => process.stderr.write(`postern: ${line}\n`);

async function run(): Promise<void> {
  const { values } = parseArgs({ options });
  const upstream = parseUpstream(values.upstream);
  const listen = parseAddress(values.listen, "--listen");
  const dashboard = parseAddress(values.dashboard, "--dashboard");
  const workers = parseConcurrency(values.concurrency);
  const signal = onInterruption();
  const state = {
    ...stateFolder(values.state),
    sidecarSocket: `${values.sockets}/sidecar.sock`,
    sidecarPolicyFile: `${values.sockets}/policy.json`,
    syncStateFile: `${values.sockets}/sync-state.bin`,
    sidecarOfferFile: `${values.sockets}/offer.json`,
    selfTestSocket: `${values.sockets}/self-test.sock`,
    accessLog: "/dev/stdout",
    envoyLog: null,
  };
  await prepareState(state);
  const egressFolder = `${values.sockets}/egress`;
  await mkdir(egressFolder, { recursive: true, mode: 0o750 });
  const point = await startEnforcementPoint({
    policyPath: values.policy,
    upstream,
    listen,
    networkForSidecar: {
      dashboard: { listen: dashboard, socket: `${values.sockets}/dashboard.sock` },
      egressFolder,
    },
    state,
    modules: fixedModule(values.wasm),
    envoyBinary: values.envoy,
    workers,
    report,
  });
  try {
    await point.untilListening(startMillis, () => signal.aborted);
    const watch = await point.watchPolicy();
    report(`listening on ${point.url}`);
    await interrupted(signal);
    await watch.close();
  } finally {
    await point.stop();
  }
}

try {
  await run();
  process.exit(0);
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
