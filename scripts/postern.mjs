#!/usr/bin/env node
import { ensureModules } from "./install.mjs";

ensureModules();
const { register } = await import("tsx/esm/api");
register();
const { main } = await import("./cli.ts");
process.exitCode = await main(process.argv.slice(2));
