import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { policyMountPath, type SidecarParts, sidecarParts } from "./sidecar-pod.ts";

/** A sidecar in a proxy's pod that somebody else configures: it reads the policy from a ConfigMap. */
export interface MeshSidecar {
  readonly configMap: object;
  /** @param user of the pod's proxy */
  parts(user: number): SidecarParts;
}

/** A secret of the user's: it names people. */
export const revocationSecret = { name: "postern-revocations", key: "revocations.json" };

/** In the volume of the sockets itself, which is there before the sidecar has made a folder in it. */
export const meshSelfTestSocket = "/run/self-test.sock";

const name = "postern-sidecar-policy";
const policyFile = "policy.json";

/** @param digest of the compiled policy, which the filter names as well */
export function meshSidecar(policy: Policy, digest: string, image: string): MeshSidecar {
  const { revocation } = policy;
  const list = revocation?.file ? `${policyMountPath}/${revocationSecret.key}` : null;
  const told = { ...policy, revocation: revocation && { ...revocation, file: list } };
  const secret = {
    secret: { name: revocationSecret.name, items: [{ key: revocationSecret.key, path: revocationSecret.key }] },
  };
  return {
    configMap: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data: { [policyFile]: policyForSidecar(told, digest) },
    },
    parts: (user) =>
      sidecarParts({
        image,
        user,
        env: { POLICY_FILE: `${policyMountPath}/${policyFile}`, SELF_TEST_SOCKET: meshSelfTestSocket },
        policySources: [{ configMap: { name } }, ...(list ? [secret] : [])],
      }),
  };
}
