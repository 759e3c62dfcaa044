import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

export { KeyUsageFlags };

/** A certificate with its private key (P-256), both PEM. */
export interface Certificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly issued: { readonly certificate: X509Certificate; readonly keys: webcrypto.CryptoKeyPair };
}

export interface CertificateRequest {
  /** The common name. */
  readonly name: string;
  /** DNS names, IPv4 addresses, and URIs (SPIFFE ids). */
  readonly alternativeNames: readonly string[];
  readonly validDays: number;
  /** What it may be used for, in the place of what an authority or a leaf usually has. */
  readonly usage?: { readonly isAuthority: boolean; readonly flags: KeyUsageFlags };
  /** Beside those that every certificate has. */
  readonly extensions?: readonly Extension[];
}

const dayMillis = 86_400_000;
const LEAF = { isAuthority: false, flags: KeyUsageFlags.digitalSignature };
const AUTHORITY = { isAuthority: true, flags: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign };
const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate signed by `authority`; null: a self-signed authority (RFC 5280). */
export async function issueCertificate(
  { name, alternativeNames, validDays, usage, extensions: further = [] }: CertificateRequest,
  authority: Certificate | null,
): Promise<Certificate> {
  const keys = (await webcrypto.subtle.generateKey(ecdsa, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const signer = authority?.issued.keys ?? keys;
  const { isAuthority, flags } = usage ?? (authority ? LEAF : AUTHORITY);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(isAuthority, undefined, true),
    new KeyUsagesExtension(flags, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto as never),
    await AuthorityKeyIdentifierExtension.create(signer.publicKey, false, webcrypto as never),
    ...further,
  ];
  if (alternativeNames.length > 0)
    extensions.push(new SubjectAlternativeNameExtension(alternativeNames.map(generalName)));
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${name}`,
      issuer: authority?.issued.certificate.subject ?? `CN=${name}`,
      // A day back, for machines whose clocks differ.
      notBefore: new Date(Date.now() - dayMillis),
      notAfter: new Date(Date.now() + validDays * dayMillis),
      publicKey: keys.publicKey,
      signingKey: signer.privateKey,
      signingAlgorithm: ecdsa,
      extensions,
    },
    webcrypto as never,
  );
  const privateKey = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificatePem: `${certificate.toString("pem")}\n`,
    keyPem: `${PemConverter.encode(privateKey, "PRIVATE KEY")}\n`,
    issued: { certificate, keys },
  };
}

/** RFC 5280 section 4.2.1.6. */
function generalName(value: string): JsonGeneralName {
  if (isIP(value) !== 0) return { type: "ip", value };
  return { type: value.includes("://") ? "url" : "dns", value };
}
