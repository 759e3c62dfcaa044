import { isServing } from "../../scripts/gateway/sidecar-health.ts";

// Healthy: the model is loaded and warmed (grpc.health.v1).
process.exit((await isServing("/run/postern/sidecar.sock")) ? 0 : 1);
