import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

// The sidecar's container: its configuration lies on a tmpfs, the dashboard's token is made anew at each start. The
// environment says where the dashboard is published (DASHBOARD_PORT), where the ways out are when it has no network
// (EGRESS_DIRECTORY), and, in a proxy that is not Postern's, where the policy is (POLICY_FILE) and where probes of the
// self-test are taken (SELF_TEST_SOCKET).
const token = randomBytes(32).toString("base64url");
const {
  DASHBOARD_PORT,
  EGRESS_DIRECTORY: egressDirectory,
  POLICY_FILE: policyFile,
  SELF_TEST_SOCKET: selfTestSocketPath,
} = process.env;
const configuration = {
  socketPath: "/run/postern/sidecar.sock",
  // Not on the volume that the gateway's container shares.
  adminSocketPath: "/var/lib/postern/run/sidecar-admin.sock",
  selfTestSocketPath,
  stateDirectory: "/var/lib/postern",
  bundleDirectory: "/opt/postern/models/bundle",
  policyFile,
  egressDirectory,
  dashboard: { socketPath: "/run/postern/dashboard.sock", token },
};
const path = "/tmp/sidecar.json";
writeFileSync(path, JSON.stringify(configuration), { mode: 0o600 });
process.stdout.write(`dashboard  http://127.0.0.1:${DASHBOARD_PORT}/?token=${token}\n`);
process.argv.push("--config", path);
await import(new URL("./inference-sidecar/main.mjs", import.meta.url).href);
