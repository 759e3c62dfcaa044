import { join } from "node:path";
import { projectRoot } from "../project-root.ts";
import { shellWord } from "./shell-word.ts";

/** How an image of envoy/Dockerfile is built and pushed, from whatever folder. */
export function buildAndPush(target: "gateway" | "sidecar", image: string): string {
  const file = shellWord(join(projectRoot, "envoy", "Dockerfile"));
  return `docker build --file ${file} --target ${target} --tag ${image} ${shellWord(projectRoot)} && docker push ${image}`;
}
