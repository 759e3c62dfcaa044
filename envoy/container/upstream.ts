import { startUpstream } from "../../scripts/demo/upstream.ts";

// The demo's upstream, for the other containers of its network.
const upstream = await startUpstream({ host: "0.0.0.0", port: 8080 });
process.on("SIGTERM", () => upstream.stop());
