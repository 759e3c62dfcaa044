import { isReady } from "../../scripts/gateway/envoy-admin.ts";

// Healthy: Envoy listens with a policy in force; asked over the Unix socket of its admin interface.
process.exit((await isReady("/var/lib/postern/run/admin.sock")) ? 0 : 1);
