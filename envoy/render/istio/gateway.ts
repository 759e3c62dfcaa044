import type { Policy } from "../../../inference-sidecar/src/policy/policy.ts";
import { proxyEnvironment } from "../mesh-filter.ts";
import { hardened, type SidecarParts, socketMount } from "../sidecar-pod.ts";

/** The user of Istio's proxy. */
export const proxyUser = 1337;
const name = "postern-gateway";
const labels = { app: name, istio: name };

export const gatewaySelector = { matchLabels: { istio: name } };

const rbac = "rbac.authorization.k8s.io";
/** Istio gives a gateway the certificate of its `credentialName` only where its account may list secrets. */
const credentialReader: readonly object[] = [
  {
    apiVersion: `${rbac}/v1`,
    kind: "Role",
    metadata: { name },
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "watch", "list"] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name }],
  },
];

/** An ingress gateway with the sidecar in its pod: Istio injects the proxy into the container of its name. */
export function gateway(
  policy: Policy,
  secretNames: readonly string[],
  upstream: URL,
  sidecar: SidecarParts,
): object[] {
  const { tls, workloads } = policy;
  const port = tls ? 8443 : 8080;
  const protocol = tls ? "HTTPS" : "HTTP";
  const pod = {
    metadata: {
      labels: { ...labels, "sidecar.istio.io/inject": "true" },
      annotations: { "inject.istio.io/templates": "gateway" },
    },
    spec: {
      serviceAccountName: name,
      securityContext: { runAsUser: proxyUser, runAsGroup: proxyUser, fsGroup: proxyUser, runAsNonRoot: true },
      containers: [
        {
          name: "istio-proxy",
          image: "auto",
          securityContext: hardened,
          ...proxyEnvironment(secretNames),
          volumeMounts: [socketMount],
        },
        sidecar.container,
      ],
      volumes: sidecar.volumes,
    },
  };
  const mode = workloads.trustBundle === null ? "SIMPLE" : "OPTIONAL_MUTUAL";
  const secure = { tls: { mode, credentialName: "postern-tls", minProtocolVersion: "TLSV1_2" } };
  const server = {
    port: { number: port, name: protocol.toLowerCase(), protocol },
    hosts: ["*"],
    ...(tls ? secure : {}),
  };
  const secured = upstream.protocol === "https:";
  const destination = { host: upstream.hostname, port: { number: Number(upstream.port) || (secured ? 443 : 80) } };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } },
    ...(tls ? credentialReader : []),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, labels },
      spec: { selector: { matchLabels: labels }, template: pod },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels },
      spec: { selector: labels, ports: [{ name: protocol.toLowerCase(), port: tls ? 443 : 80, targetPort: port }] },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name },
      spec: { selector: labels, servers: [server] },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name },
      spec: { hosts: ["*"], gateways: [name], http: [{ name: "upstream", route: [{ destination }] }] },
    },
    ...(secured ? [upstreamTls(upstream.hostname)] : []),
  ];
}

/** TLS to the upstream, its certificate held to its name and to the authorities of the proxy's system. */
function upstreamTls(host: string): object {
  const tls = { mode: "SIMPLE", sni: host, subjectAltNames: [host] };
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name },
    spec: { host, trafficPolicy: { tls } },
  };
}
