import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../project-root.ts";

/** The version of this project, which its images are tagged with. */
export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectRoot, "package.json"), "utf8")) as { version: string };
  return version;
}
