import { explain } from "../../scripts/commands/explain.ts";
import { log } from "../../scripts/commands/log.ts";
import { review } from "../../scripts/commands/review.ts";
import { revoke } from "../../scripts/commands/revoke.ts";
import { route } from "../../scripts/commands/route.ts";
import { outliveOutput } from "../../scripts/outlive-output.ts";
import { runCommand } from "../../scripts/run-command.ts";

// An operator's commands in the sidecar's container, beside the sidecar that they ask. `.postern`, their usual state
// folder, is a link to the sidecar's own.
const commands = { explain, log, review, revoke, route };
const usage = `usage: postern.mjs COMMAND …, as \`postern COMMAND …\` elsewhere, without --state

  ${Object.keys(commands).join(", ")}
`;
const loaders = Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, async () => command]));
outliveOutput();
process.exitCode = await runCommand(loaders, usage, process.argv.slice(2));
