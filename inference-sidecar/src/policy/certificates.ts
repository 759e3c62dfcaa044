import { X509Certificate } from "node:crypto";

const BEGINNING = /^(?=-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----)/m;
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const RSA_LEAST_BITS = 2048;

/** Certificates of a PEM text in its order, each beginning a line, as Envoy looks for them. @throws Error one can't be read */
export function readCertificates(text: string): X509Certificate[] {
  const [before = "", ...found] = text.split(BEGINNING);
  return (BEGINNING.test(before) ? [before, ...found] : found).map((one) => new X509Certificate(one));
}

/** Whether Envoy (BoringSSL) can prove a listener by the certificate's key. */
export function isServable({ publicKey }: X509Certificate): boolean {
  const { modulusLength = 0, namedCurve = "" } = publicKey.asymmetricKeyDetails ?? {};
  switch (publicKey.asymmetricKeyType) {
    case "rsa":
      return modulusLength >= RSA_LEAST_BITS;
    case "ec":
      return CURVES.includes(namedCurve);
    default:
      return publicKey.asymmetricKeyType === "ed25519";
  }
}
