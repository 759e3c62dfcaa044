#!/usr/bin/env node
import { ensureModules } from "./install.mjs";

ensureModules();
const { register } = await import("tsx/esm/api");
register();
const { outliveOutput } = await import("./outlive-output.ts");
outliveOutput();
const { main } = await import("./cli.ts");
process.exitCode = await main(process.argv.slice(2));
