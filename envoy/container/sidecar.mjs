import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

// The sidecar's container: its configuration lies on a tmpfs, the dashboard's token is made anew at each start.
const configuration = {
  socketPath: "/run/postern/sidecar.sock",
  stateDirectory: "/var/lib/postern",
  bundleDirectory: "/opt/postern/models/bundle",
  dashboard: { host: "127.0.0.1", port: 9191, token: randomBytes(32).toString("base64url") },
};
const path = "/tmp/sidecar.json";
writeFileSync(path, JSON.stringify(configuration), { mode: 0o600 });
process.argv.push("--config", path);
const main = "/opt/postern/build/inference-sidecar/main.mjs";
await import(main);
