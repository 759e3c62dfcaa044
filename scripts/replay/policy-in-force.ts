import { readFile } from "node:fs/promises";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";
import type { PolicyInForce } from "../../inference-sidecar/src/policy/in-force.ts";
import { secretEnvironmentName } from "../../inference-sidecar/src/policy/issuer-check.ts";
import type { Issuer, Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { stateFolder } from "../gateway/state.ts";

const ANOTHER = "Give the policy to judge by with --policy P.";

/** The policy that the gateway last put in force, without keys and secrets. @throws Error there is none */
export async function policyInForce(stateDirectory: string): Promise<Policy> {
  const path = stateFolder(stateDirectory).sidecarPolicyFile;
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new Error(`${fileErrorText(error)}. ${ANOTHER}`);
  });
  const { policy } = parse(text, path);
  return { ...policy, issuers: policy.issuers.map(withoutKeys) };
}

function parse(text: string, path: string): PolicyInForce {
  try {
    return JSON.parse(text, (name, value) =>
      name === "address" && typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value,
    );
  } catch {
    throw new Error(`${path} can't be used: it is no JSON. ${ANOTHER}`);
  }
}

/** Others stand in for them: only that there is a shared secret must be known. */
function withoutKeys(issuer: Omit<Issuer, "keys" | "secret">): Issuer {
  const secret = { environmentName: secretEnvironmentName(issuer.name), secret: "" };
  return { ...issuer, keys: [], secret: issuer.algorithms.includes("HS256") ? secret : null };
}
