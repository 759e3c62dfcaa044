import { parseArgs } from "node:util";
import { filterFile } from "../../scripts/build/filter.ts";
import { interrupted, onInterruption } from "../../scripts/commands/interruption.ts";
import { startEnforcementPoint } from "../../scripts/gateway/enforcement-point.ts";
import { parseAddress } from "../../scripts/gateway/ports.ts";
import { prepareState, stateFolder } from "../../scripts/gateway/state.ts";

// The gateway's container: Envoy with the filter, its policy watched. The sidecar has a container of its own.
const { values } = parseArgs({
  options: {
    upstream: { type: "string", default: "http://upstream:8080" },
    policy: { type: "string", default: "/etc/postern/policy.yaml" },
    listen: { type: "string", default: "0.0.0.0:8443" },
    state: { type: "string", default: "/var/lib/postern" },
    socket: { type: "string", default: "/run/postern/sidecar.sock" },
    envoy: { type: "string", default: "/usr/local/bin/envoy" },
    concurrency: { type: "string", default: "1" },
  },
});
const signal = onInterruption();
const report = (line: string) => process.stderr.write(`postern: ${line}\n`);
const state = { ...stateFolder(values.state), sidecarSocket: values.socket };
await prepareState(state);
const point = await startEnforcementPoint({
  policyPath: values.policy,
  upstream: new URL(values.upstream),
  listen: parseAddress(values.listen, "--listen"),
  state,
  wasmFile: filterFile,
  envoyBinary: values.envoy,
  workers: Number(values.concurrency),
  // This process's own output: Envoy's goes to a file.
  accessLog: `/proc/${process.pid}/fd/1`,
  report,
});
try {
  await point.untilListening(30_000, () => signal.aborted);
  const watch = point.watchPolicy();
  report(`listening on ${point.url}`);
  await interrupted(signal);
  await watch.close();
} finally {
  await point.envoy.stop();
}
process.exit(0);
