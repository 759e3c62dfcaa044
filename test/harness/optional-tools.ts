import { findOnPath } from "../../scripts/find-on-path.ts";
import { missingForContainers } from "./containers.ts";

/** Tests that use what need not be there. */
export interface OptionalTests {
  /** What they test. */
  readonly tests: string;
  /** Why they are skipped, in words; null: they run. */
  readonly missing: string | null;
}

export async function optionalTests(): Promise<OptionalTests[]> {
  return [
    { tests: "the dashboard in a real browser", missing: missingOnPath("chromium") },
    { tests: "the containers", missing: await missingForContainers() },
  ];
}

function missingOnPath(tool: string): string | null {
  return findOnPath(tool) === null ? `${tool} is not on PATH` : null;
}
