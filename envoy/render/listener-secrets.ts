import { discovery, watchedFile } from "./discovery.ts";
import type { TlsPlan } from "./plan.ts";

/** What the listener proves itself by and believes, as PEM texts; the key stays in its file. */
export interface ListenerSecrets {
  readonly certificate: string;
  readonly keyFile: string;
  /** Null: no client's certificate is asked for. */
  readonly trustBundle: string | null;
}

/** One file for each: a source of secrets (SDS) has one secret. */
type SecretFile = "certificate-sds.json" | "trust-bundle-sds.json";

/**
 * Files that Envoy watches (SDS), so that a renewed certificate needs no restart. The texts stand in them: Envoy reads a
 * secret anew only where its configuration differs.
 */
export function renderListenerSecrets({ certificate, keyFile, trustBundle }: ListenerSecrets): [SecretFile, object][] {
  const own = { certificate_chain: { inline_string: certificate }, private_key: { filename: keyFile } };
  const files: [SecretFile, object][] = [["certificate-sds.json", secret("certificate", { tls_certificate: own })]];
  if (trustBundle === null) return files;
  const believed = { trusted_ca: { inline_string: trustBundle } };
  return [...files, ["trust-bundle-sds.json", secret("trust-bundle", { validation_context: believed })]];
}

/** Of the listener's TLS context. Without `trust_chain_verification` Envoy verifies: a foreign certificate fails the handshake. */
export function tlsMaterial({ certificateFile, keyFile, trustBundleFile, secretsFolder }: TlsPlan): object {
  if (secretsFolder === null) {
    return {
      tls_certificates: [{ certificate_chain: { filename: certificateFile }, private_key: { filename: keyFile } }],
      ...(trustBundleFile ? { validation_context: { trusted_ca: { filename: trustBundleFile } } } : {}),
    };
  }
  const source = (name: string, file: SecretFile) => ({ name, sds_config: watchedFile(secretsFolder, file) });
  return {
    tls_certificate_sds_secret_configs: [source("certificate", "certificate-sds.json")],
    ...(trustBundleFile
      ? { validation_context_sds_secret_config: source("trust-bundle", "trust-bundle-sds.json") }
      : {}),
  };
}

function secret(name: string, content: object): object {
  return discovery("envoy.extensions.transport_sockets.tls.v3.Secret", [{ name, ...content }]);
}
