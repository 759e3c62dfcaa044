#!/usr/bin/env node
import { ensureModules } from "./install.mjs";

ensureModules();
const { register } = await import("tsx/esm/api");
register();
const { selfCheck } = await import("./self-check.ts");
process.exitCode = await selfCheck(process.argv.slice(2));
