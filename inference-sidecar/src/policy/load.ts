import { dirname, resolve } from "node:path";
import { FileRefusal, readBoundedText } from "./bounded-file.ts";
import { checkBudgets } from "./budget-check.ts";
import type { Calibration } from "./calibration.ts";
import { type CompiledPolicy, CompiledSizeError, compilePolicy } from "./compile.ts";
import { checkRouteSet, crossCheck } from "./cross-check.ts";
import { PolicyDocument } from "./document.ts";
import { type IssuerMaterial, KeyFiles } from "./key-files.ts";
import { normalise } from "./normalise.ts";
import { refuseFutureFields } from "./not-in-this-version.ts";
import type { PolicyNote } from "./note.ts";
import { notesOf } from "./notes.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./problem.ts";
import { checkSchema } from "./schema-check.ts";
import { type WrittenPolicy, withGaps } from "./written-policy.ts";

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly compiled: CompiledPolicy;
  /** Absolute paths of every file that the policy was read from: itself, keys, certificates. */
  readonly files: readonly string[];
  /** What is no problem but should be known. */
  notes(): PolicyNote[];
}

const MAXIMUM_FILE_BYTES = 1024 * 1024;

/** Reads a policy file and everything that it names. Throws `PolicyError` with all that is wrong with it. */
export async function loadPolicy(path: string, calibration: Calibration | null = null): Promise<LoadedPolicy> {
  try {
    return await parsePolicy(await readBoundedText(path, MAXIMUM_FILE_BYTES), path, calibration);
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    const { code, message, expected } = error;
    throw new PolicyError([{ file: path, line: 1, column: 1, message, expected, code }]);
  }
}

/** The same for a text; `path` is named in problems, and files are looked for beside it. */
export async function parsePolicy(
  text: string,
  path: string,
  calibration: Calibration | null = null,
): Promise<LoadedPolicy> {
  const document = new PolicyDocument(path, text);
  const unusable = checkSchema(document, refuseFutureFields(document));
  const written = withGaps(document.data, unusable);
  const files = new KeyFiles(document, dirname(resolve(path)));
  const materials: IssuerMaterial[] = [];
  for (const [index, issuer] of (written.identity?.issuers ?? []).entries()) {
    materials.push(await files.issuer(issuer ?? {}, ["identity", "issuers", index]));
  }
  await files.certificates(written);
  crossCheck(document, written, materials);
  checkBudgets(document, written, calibration);
  // Nothing was found so far: there are no gaps.
  if (document.problems.length === 0) checkRouteSet(document, written as WrittenPolicy);
  if (document.problems.length > 0) {
    throw new PolicyError(document.problems.toSorted(byPosition), [...files.paths]);
  }
  const policy = normalise(written as WrittenPolicy, materials, (file) => files.resolve(file), calibration);
  const compiled = compile(document, policy, files);
  const notes = () => notesOf(document, policy, Date.now() / 1000, calibration?.thresholds ?? null);
  return { policy, compiled, files: [resolve(path), ...files.paths], notes };
}

/** @throws PolicyError it is more than the filter takes */
function compile(document: PolicyDocument, policy: Policy, files: KeyFiles): CompiledPolicy {
  try {
    return compilePolicy(policy);
  } catch (error) {
    if (!(error instanceof CompiledSizeError)) throw error;
    document.report("file_too_large", ["routes"], error.message, "fewer routes, grants or conditions", "key");
    throw new PolicyError(document.problems, [...files.paths]);
  }
}

function byPosition(a: { line: number; column: number }, b: { line: number; column: number }): number {
  return a.line - b.line || a.column - b.column;
}
