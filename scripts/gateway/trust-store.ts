import { access } from "node:fs/promises";

/** Where systems keep the bundle of authorities that they trust; `SSL_CERT_FILE` is OpenSSL's own override. */
const knownPlaces = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The PEM bundle that an https upstream is validated against. @throws Error this system has none */
export async function systemTrustBundle(): Promise<string> {
  for (const path of [process.env.SSL_CERT_FILE, ...knownPlaces]) {
    if (
      path &&
      (await access(path).then(
        () => true,
        () => false,
      ))
    )
      return path;
  }
  throw new Error(
    "an https upstream must be validated and this system has no bundle of authorities. Install ca-certificates, or name a PEM file in SSL_CERT_FILE.",
  );
}
