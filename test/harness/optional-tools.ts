import { findOnPath } from "../../scripts/find-on-path.ts";

/** A program that some tests use and that need not be there. */
export interface OptionalTool {
  readonly tool: string;
  /** What is not tested without it. */
  readonly tests: string;
  /** Null: not on PATH. */
  readonly path: string | null;
}

const tools: readonly [tool: string, tests: string][] = [["chromium", "the dashboard in a real browser"]];

export function optionalTools(): OptionalTool[] {
  return tools.map(([tool, tests]) => ({ tool, tests, path: findOnPath(tool) }));
}
