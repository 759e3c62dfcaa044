import { printable } from "../decision-log/printable.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** Of a line; what a policy says can stand in it, so that control characters are left out as well. */
const MAX_LENGTH = 2000;
/** More nobody reads, and a file that is no policy may have one for each of its lines. */
const LINES_MOST = 100;

/** One thing that is wrong with a policy. `line` and `column` count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly expected: string;
  readonly code: ProblemCode;
}

/** A policy that can't be taken: everything that is wrong with it, in the order of the file. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly problems: readonly Problem[];
  /** Absolute paths of the files that the policy names, as far as it could be read. */
  readonly files: readonly string[];

  constructor(problems: readonly Problem[], files: readonly string[] = []) {
    super(formatProblems(problems));
    this.problems = problems;
    this.files = files;
  }
}

/** A line each, and how many more there are. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.slice(0, LINES_MOST).map(formatProblem);
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function formatProblem({ file, line, column, message, expected, code }: Problem): string {
  return printable(`${file}:${line}:${column}: ${message} (expected ${expected}) [${code}]`, MAX_LENGTH);
}
