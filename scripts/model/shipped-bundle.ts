import { join } from "node:path";
import { projectRoot } from "../project-root.ts";

/** The folder of the bundle that ships. */
export const shippedBundle = join(projectRoot, "models", "bundle");
