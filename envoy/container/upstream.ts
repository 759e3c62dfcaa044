import { startUpstream } from "../../scripts/demo/upstream.ts";

// The demo's upstream, for the other containers of its network. It tells which steps of the tour have arrived.
const upstream = await startUpstream({
  host: "0.0.0.0",
  port: 8080,
  onArrival: (step) => process.stdout.write(`${JSON.stringify({ arrived: step })}\n`),
});
process.on("SIGTERM", () => upstream.stop());
