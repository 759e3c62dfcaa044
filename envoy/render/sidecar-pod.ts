/** The sidecar as a container of a pod, under the pod security standard "restricted". */

/** The policy is there, twice while it changes. */
const sockets = { name: "postern-run", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } };
const state = { name: "postern-state", emptyDir: { sizeLimit: "2Gi" } };
const scratch = { name: "postern-tmp", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };
const policyVolume = "postern-sidecar-policy";

/** What a pod gets for a sidecar within it. */
export interface SidecarParts {
  readonly container: object;
  /** The first one is for sockets, and for Envoy as well. */
  readonly volumes: readonly object[];
}

/** `/run` is shared with Envoy, whose user must be the same: a socket is its owner's alone. */
export const socketMount = { name: sockets.name, mountPath: "/run" };

/** Where the sidecar finds what it is told of the policy. */
export const policyMountPath = "/etc/postern";

export const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** What a container does when its pod is to end before it is told so: nothing, until nobody needs it any more. */
export function waitsBeforeEnd(seconds: number): object {
  const wait = `setTimeout(() => {}, ${seconds * 1000})`;
  return { preStop: { exec: { command: ["/nodejs/bin/node", "--eval", wait] } } };
}

/** Behind the proxy: until it has answered what was under way, and handed over its records. */
const sidecarWaitSeconds = 12;

export interface SidecarWish {
  readonly image: string;
  /** Of the pod's Envoy. */
  readonly user: number;
  readonly env: Readonly<Record<string, string>>;
  /** Sources of a projected volume at `policyMountPath`; none: there is nothing to mount. */
  readonly policySources: readonly object[];
}

export function sidecarParts({ image, user, env, policySources }: SidecarWish): SidecarParts {
  const probe = (more: object) => ({
    exec: { command: ["/nodejs/bin/node", "sidecar-health.mjs"] },
    timeoutSeconds: 5,
    ...more,
  });
  const policy = { name: policyVolume, projected: { defaultMode: 0o440, sources: policySources } };
  const hasPolicy = policySources.length > 0;
  const container = {
    name: "postern-sidecar",
    image,
    env: Object.entries({ DASHBOARD_PORT: "9191", ...env }).map(([name, value]) => ({ name, value })),
    securityContext: { ...hardened, runAsUser: user, runAsGroup: user },
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "272Mi" } },
    startupProbe: probe({ periodSeconds: 3, failureThreshold: 20 }),
    livenessProbe: probe({ periodSeconds: 20 }),
    lifecycle: waitsBeforeEnd(sidecarWaitSeconds),
    volumeMounts: [
      socketMount,
      { name: state.name, mountPath: "/var/lib" },
      { name: scratch.name, mountPath: "/tmp" },
      ...(hasPolicy ? [{ name: policyVolume, mountPath: policyMountPath, readOnly: true }] : []),
    ],
  };
  return { container, volumes: [sockets, state, scratch, ...(hasPolicy ? [policy] : [])] };
}
