import type { Address } from "../plan.ts";
import { hardened, policyMountPath, sidecarParts, socketMount, waitsBeforeEnd } from "../sidecar-pod.ts";

/** What a standalone gateway in a cluster depends on. */
export interface GatewayPlan {
  readonly gatewayImage: string;
  readonly sidecarImage: string;
  readonly upstream: URL;
  /** Of the gateway's container: any address. */
  readonly listen: Address;
  /** Whether a Kubernetes secret has files that the policy names. */
  readonly hasSecretFiles: boolean;
  /** The name in that secret of the list of revocations, which the sidecar reads; null: there is none. */
  readonly revocationFile: string | null;
}

export const configMapName = "postern-policy";
export const secretName = "postern-keys";

const name = "postern";
const labels = { "app.kubernetes.io/name": name };
/** Of the images. */
const user = 65_532;
/** Until every node knows that a pod which is to end takes no new connections. */
const endpointSeconds = 3;

/** What a gateway needs whichever way its pods are run. */
export function common({ listen: { port } }: GatewayPlan): object[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name }, automountServiceAccountToken: false },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels },
      spec: { selector: labels, ports: [{ name: "edge", port, targetPort: "edge" }] },
    },
    {
      // The dashboard is for `kubectl port-forward` alone, which no policy of the network keeps out.
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name },
      spec: { podSelector: { matchLabels: labels }, policyTypes: ["Ingress"], ingress: [{ ports: [{ port }] }] },
    },
  ];
}

export function deployment(plan: GatewayPlan): object {
  const template = podTemplate(plan);
  const spec = { replicas: 2, selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels }, spec };
}

/** One gateway on each node, at the node's own address. */
export function daemonSet(plan: GatewayPlan): object {
  const template = podTemplate(plan, { hostPort: plan.listen.port });
  const spec = { selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name, labels }, spec };
}

function podTemplate(plan: GatewayPlan, edge: object = {}): object {
  const state = { name: "gateway-state", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } };
  const policy = {
    name: "policy",
    projected: {
      defaultMode: 0o440,
      sources: [
        { configMap: { name: configMapName } },
        ...(plan.hasSecretFiles ? [{ secret: { name: secretName } }] : []),
      ],
    },
  };
  const { revocationFile } = plan;
  const revocations = revocationFile && { name: secretName, items: [{ key: revocationFile, path: revocationFile }] };
  const sidecar = sidecarParts({
    image: plan.sidecarImage,
    user,
    env: { EGRESS_DIRECTORY: "/run/postern/egress" },
    policySources: revocations ? [{ secret: revocations }] : [],
  });
  const probe = { exec: { command: ["/nodejs/bin/node", "gateway-health.mjs"] }, timeoutSeconds: 5 };
  const gateway = {
    name: "gateway",
    image: plan.gatewayImage,
    args: [
      "--upstream",
      plan.upstream.origin,
      "--listen",
      `${plan.listen.host.includes(":") ? `[${plan.listen.host}]` : plan.listen.host}:${plan.listen.port}`,
    ],
    ports: [{ name: "edge", containerPort: plan.listen.port, ...edge }],
    securityContext: { ...hardened, runAsUser: user, runAsGroup: user },
    resources: { requests: { cpu: "100m", memory: "160Mi" }, limits: { cpu: "1", memory: "288Mi" } },
    startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 30 },
    readinessProbe: { ...probe, periodSeconds: 10 },
    livenessProbe: { ...probe, periodSeconds: 30 },
    lifecycle: waitsBeforeEnd(endpointSeconds),
    volumeMounts: [
      socketMount,
      { name: state.name, mountPath: "/var/lib" },
      { name: policy.name, mountPath: policyMountPath, readOnly: true },
    ],
  };
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, fsGroup: user, seccompProfile: { type: "RuntimeDefault" } },
      containers: [gateway, sidecar.container],
      volumes: [...sidecar.volumes, state, policy],
    },
  };
}
