/** The sidecar as a container of a pod, under the pod security standard "restricted". */

const sockets = { name: "postern-run", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };
const state = { name: "postern-state", emptyDir: { sizeLimit: "2Gi" } };
const scratch = { name: "postern-tmp", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };

/** Of the sidecar; `/run` is shared with Envoy, whose user must be the same: the socket is its owner's alone. */
export const sidecarVolumes = [sockets, state, scratch];
export const socketMount = { name: sockets.name, mountPath: "/run" };

export const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** @param user of the pod's Envoy */
export function sidecarContainer(image: string, user: number): object {
  const probe = (more: object) => ({
    exec: { command: ["/nodejs/bin/node", "sidecar-health.mjs"] },
    timeoutSeconds: 5,
    ...more,
  });
  return {
    name: "postern-sidecar",
    image,
    env: [{ name: "DASHBOARD_PORT", value: "9191" }],
    securityContext: { ...hardened, runAsUser: user, runAsGroup: user },
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "224Mi" } },
    startupProbe: probe({ periodSeconds: 3, failureThreshold: 20 }),
    livenessProbe: probe({ periodSeconds: 20 }),
    volumeMounts: [socketMount, { name: state.name, mountPath: "/var/lib" }, { name: scratch.name, mountPath: "/tmp" }],
  };
}
