import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

// The sidecar's container: its configuration lies on a tmpfs, the dashboard's token is made anew at each start. The
// environment says where the dashboard is published (DASHBOARD_PORT), where the ways out are when it has no network
// (EGRESS_DIRECTORY), and where the policy is when no gateway of Postern's leaves it beside the socket (POLICY_FILE).
const token = randomBytes(32).toString("base64url");
const { DASHBOARD_PORT, EGRESS_DIRECTORY: egressDirectory, POLICY_FILE: policyFile } = process.env;
const configuration = {
  socketPath: "/run/postern/sidecar.sock",
  // Not on the volume that the gateway's container shares.
  adminSocketPath: "/var/lib/postern/run/sidecar-admin.sock",
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
