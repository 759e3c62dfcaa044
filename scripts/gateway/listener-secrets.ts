import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderListenerSecrets } from "../../envoy/render/listener-secrets.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { replaceFile } from "../replace-file.ts";

/** Writes what Envoy's listener proves itself by, and believes, where Envoy reads it; true: it differs from what was there. */
export async function writeListenerSecrets({ tls, workloads }: Policy, folder: string): Promise<boolean> {
  if (tls === null) return false;
  const secrets = {
    certificate: await readFile(tls.certificate, "utf8"),
    keyFile: tls.key,
    trustBundle: workloads.trustBundle && (await readFile(workloads.trustBundle, "utf8")),
  };
  let differs = false;
  for (const [name, content] of renderListenerSecrets(secrets)) {
    const path = join(folder, name);
    const text = JSON.stringify(content);
    if (text === (await readFile(path, "utf8").catch(() => ""))) continue;
    await replaceFile(path, text);
    differs = true;
  }
  return differs;
}
