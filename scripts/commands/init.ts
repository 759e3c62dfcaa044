import { rm, writeFile } from "node:fs/promises";
import { readBoundedText } from "../../inference-sidecar/src/policy/bounded-file.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import type { Draft } from "../policy-init/draft.ts";
import { draftFromLog } from "../policy-init/observed.ts";
import { draftFromOpenApi } from "../policy-init/openapi.ts";
import { policyText } from "../policy-init/policy-text.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern init (--openapi FILE | --state DIR) [--out FILE]";
const DOCUMENT_BYTES_MOST = 16 * 1024 * 1024;

/**
 * Writes a first policy, from an OpenAPI document or from what a gateway without a policy has observed.
 * Exit codes: 0 it is written, and `check` takes it; 1 `check` does not, or there was an error; 2 wrong use of the command.
 */
export async function init(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    options: {
      openapi: { type: "string" },
      state: { type: "string" },
      out: { type: "string", default: "policy.yaml" },
    },
  });
  const { openapi, state, out } = values;
  if (positionals.length > 0 || (openapi === undefined) === (state === undefined)) {
    throw new UsageError(`give an OpenAPI document or a state folder.\nusage: ${usage}`);
  }
  const draft = openapi === undefined ? await draftFromLog(state ?? "") : await fromFile(openapi);
  if (out === "-") {
    process.stdout.write(policyText(draft));
    return 0;
  }
  await writeFile(out, policyText(draft), { flag: "wx" }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") {
      // A part of it would stand in the way of the next attempt.
      await rm(out, { force: true });
      throw error;
    }
    throw new Error(
      `${out} is there already, and stays as it is. Give another name with --out FILE, or --out - to print.`,
    );
  });
  const { routes, issuers } = draft;
  const refusal = await loadPolicyWithBundle(out).then(
    () => null,
    (error: Error) => error.message,
  );
  if (refusal !== null) {
    console.log(
      `${out}: ${routes.length} routes, which are no policy as they stand. Change them, or give less:\n${refusal}`,
    );
    return 1;
  }
  console.log(
    `${out}: ${routes.length} routes, ${issuers.length} issuers. Replace what FILL IN marks, then: postern check ${out}`,
  );
  return 0;
}

async function fromFile(file: string): Promise<Draft> {
  return draftFromOpenApi(await readBoundedText(file, DOCUMENT_BYTES_MOST), file);
}
