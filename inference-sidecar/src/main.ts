import { parseArgs } from "node:util";
import { readConfiguration } from "./config.ts";
import { onStopRequested } from "./lifecycle.ts";
import { logEvent } from "./process-log.ts";
import { type Sidecar, startSidecar } from "./sidecar.ts";
import { StartError } from "./start-error.ts";

// `main.mjs --config FILE`. Exit codes: 0 stopped when asked to; 1 an unexpected error, or a socket was taken away, so that
// it is started anew; 2 to 7 see start-error.ts.

process.stderr.on("error", () => undefined);
process.on("uncaughtException", (error) => {
  logEvent("error", "crashed", { message: error.message, stack: error.stack });
  process.exit(1);
});
process.umask(0o027);

const starting = readConfiguration(configurationPath()).then((configuration) =>
  startSidecar(configuration, new URL("./", import.meta.url)),
);
onStopRequested((why) => {
  logEvent("info", "draining", { why });
  void starting.then((sidecar) => stop(sidecar, 0));
});
starting.then(async (sidecar) => {
  logEvent("error", "socket_gone", { socket: await sidecar.socketGone });
  await stop(sidecar, 1);
}, failed);

function failed(error: Error): void {
  const known = error instanceof StartError;
  logEvent("error", "start_failed", {
    message: error.message,
    ...(known ? { code: error.code } : { stack: error.stack }),
  });
  process.exit(known ? error.exitCode : 1);
}

async function stop(sidecar: Sidecar, exitCode: number): Promise<void> {
  await sidecar.stop();
  logEvent("info", "stopped");
  process.exit(exitCode);
}

function configurationPath(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: "string" } } });
    if (values.config !== undefined) return values.config;
  } catch {
    // Any other argument is answered with the usage, too.
  }
  logEvent("error", "start_failed", { code: "usage", message: "usage: main.mjs --config FILE" });
  process.exit(2);
}
