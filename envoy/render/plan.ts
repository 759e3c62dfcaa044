/** Everything that Envoy's configuration depends on; paths are as Envoy is to open them. */
export interface EnvoyPlan {
  readonly listen: Address;
  /** Absent (null): plain HTTP. */
  readonly tls: TlsPlan | null;
  /** Whether a proxy in front may name the client's certificate (the filter believes only peers that the policy names). */
  readonly forwardClientCertificate: boolean;
  readonly upstream: UpstreamPlan;
  readonly sidecarSocket: string;
  readonly adminSocket: string;
  /** Where Envoy takes the probes of the self-test. */
  readonly selfTestSocket: string;
  /** The file that carries the filter's configuration, and its folder, whose renames Envoy watches. */
  readonly filterConfigFile: string;
  readonly filterConfigFolder: string;
  /** A file, or /dev/stdout. */
  readonly accessLog: string;
  /** Where the access log finds the decision, as a command of Envoy's format; absent: in the filter's state. */
  readonly decisionInLog?: string;
  /** Null: no dashboard is published. */
  readonly dashboard: DashboardPlan | null;
  /** Null: the sidecar has a network of its own. */
  readonly egress: EgressPlan | null;
  /** Near this much memory Envoy sheds load (its own heap, without the filter's memory). */
  readonly heapBytes: number;
}

/** The dashboard of a sidecar that has no network: what comes in at `listen` goes to its socket as it is. */
export interface DashboardPlan {
  readonly listen: Address;
  readonly socket: string;
}

/** Where a sidecar without a network fetches key sets. */
export interface EgressPlan {
  /** Has a Unix socket for each host. */
  readonly socketFolder: string;
  /** Has the files that say which (`renderEgress`); Envoy watches it. */
  readonly configFolder: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TlsPlan {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** A client certificate, where one is sent, is always validated against it; null: none is asked for. */
  readonly trustBundleFile: string | null;
  /** Has the files of `renderListenerSecrets`; Envoy watches it. Null: Envoy reads the files above when it starts. */
  readonly secretsFolder: string | null;
}

export interface UpstreamPlan extends Address {
  readonly protocol: "http" | "https";
  /** PEM bundle of the authorities that an https upstream is validated against. */
  readonly trustBundleFile: string | null;
}

/** What the filter is configured with. */
export interface FilterPlan {
  readonly wasmFile: string;
  /** Its SHA-256 in hexadecimal, which the filter names in its records. */
  readonly moduleDigest: string;
  /** The compiled policy. */
  readonly policy: Uint8Array;
  /** `postern.v1.SyncResponse`, what the sidecar last had the workers know; empty: nothing. */
  readonly syncState: Uint8Array;
  /** Names of the environment variables that carry HS256 secrets; their values are never in a configuration. */
  readonly secretNames: readonly string[];
}

/** The name of the cluster that the filter calls for scores and reports. */
export const sidecarCluster = "postern_sidecar";

/** Connections that Envoy has with clients at most, and as many with the upstream. */
export const connectionsMost = 10_000;

/** Bytes buffered for one connection, and read from it at once, but for one more read of the socket (128 KiB). */
export const connectionBufferBytes = 262_144;

/**
 * Bytes held of one request's body: above the largest that a policy may ask to score (256 KiB) by all that may come at once
 * behind it. Envoy answers 413 by itself where it is to hold more.
 */
export const bodyBufferBytes = 655_360;

/** The window of a stream of HTTP/2: above that largest body by what may be on its way. */
export const streamWindowBytes = 327_680;

/** A socket's address has room for 107 bytes (unix(7)); Envoy and Node need a few for temporary names. */
export const longestSocketPath = 100;
