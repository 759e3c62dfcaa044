import { createPrivateKey, type X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { FileRefusal, readBoundedText } from "./bounded-file.ts";
import { isServable, readCertificates } from "./certificates.ts";
import type { Path, PolicyDocument } from "./document.ts";
import { readKeySet } from "./keys.ts";
import type { VerificationKey } from "./policy.ts";
import type { Partly, WrittenIssuer, WrittenPolicy } from "./written-policy.ts";

const MAXIMUM_FILE_BYTES = 256 * 1024;
const MINIMUM_SECRET_BYTES = 32;
// Linux takes at most 128 KiB for one environment variable.
const MAXIMUM_SECRET_BYTES = 4096;

/** What an issuer's tokens are verified with. */
export interface IssuerMaterial {
  /** Null: there is no key set, or something is wrong with it. */
  readonly keys: readonly VerificationKey[] | null;
  readonly secret: string | null;
}

/** Reads the files that a policy names, relative to `folder`; what is wrong with them is reported in the document. */
export class KeyFiles {
  /** Absolute paths of everything that was asked for. */
  readonly paths = new Set<string>();
  private readonly document: PolicyDocument;
  private readonly folder: string;

  constructor(document: PolicyDocument, folder: string) {
    this.document = document;
    this.folder = folder;
  }

  resolve(file: string): string {
    return resolve(this.folder, file);
  }

  async issuer(issuer: Partly<WrittenIssuer>, at: Path): Promise<IssuerMaterial> {
    return {
      keys: await this.keySet(issuer, [...at, "jwks"]),
      secret: await this.secret(issuer, [...at, "secret", "file"]),
    };
  }

  /** Checks the listener's certificate and key, and the trust bundle. */
  async certificates(policy: Partly<WrittenPolicy>): Promise<void> {
    const { certificate, key } = policy.listener?.tls ?? {};
    const at = ["listener", "tls"];
    const ownPath = [...at, "certificate", "file"];
    const [own = null] = await this.certificatesOf(certificate?.file, ownPath);
    if (own !== null && !isServable(own)) {
      const expected = "RSA of 2048 bits or more, EC on P-256, P-384 or P-521, or Ed25519";
      this.document.report("certificate", ownPath, "Envoy can't serve a certificate with such a key", expected);
    }
    const keyPath = [...at, "key", "file"];
    const keyText = await this.read(key?.file, keyPath, true);
    if (keyText !== null) this.checkPrivateKey(keyText, own, keyPath);
    const bundle = policy.identity?.workloads?.trustBundle?.file;
    await this.certificatesOf(bundle, ["identity", "workloads", "trustBundle", "file"]);
  }

  private async keySet(issuer: Partly<WrittenIssuer>, at: Path): Promise<VerificationKey[] | null> {
    const { jwks } = issuer;
    const algorithms = issuer.algorithms?.filter((algorithm) => algorithm !== undefined) ?? [];
    if (algorithms.length === 0) return null;
    const use = { algorithms, svids: issuer.trustDomain !== undefined };
    if (jwks?.inline !== undefined) {
      const inline = [...at, "inline"];
      return readKeySet(jwks.inline, use, (code, path, message, expected) =>
        this.document.report(code, [...inline, ...path], message, expected),
      );
    }
    const path = [...at, "file"];
    const text = await this.read(jwks?.file, path);
    if (text === null) return null;
    return readKeySet(parseJson(text), use, (code, _, message, expected) =>
      this.document.report(code, path, `${jwks?.file}: ${message}`, expected),
    );
  }

  private async secret(issuer: Partly<WrittenIssuer>, at: Path): Promise<string | null> {
    const text = await this.read(issuer.secret?.file, at);
    if (text === null) return null;
    const secret = text.replace(/\r?\n$/, "");
    const length = Buffer.byteLength(secret);
    if (length < MINIMUM_SECRET_BYTES) {
      // RFC 7518 section 3.2.
      this.document.report("key_weak", at, `secret of ${length} bytes`, `${MINIMUM_SECRET_BYTES} bytes or more`);
    } else if (length > MAXIMUM_SECRET_BYTES || /[\0\r\n]/.test(secret)) {
      const expected = `one line of text, at most ${MAXIMUM_SECRET_BYTES} bytes`;
      this.document.report("secret_text", at, "secret can't be held by an environment variable", expected);
    }
    return secret;
  }

  /** Empty: there is none, or what is wrong was reported. */
  private async certificatesOf(file: string | undefined, at: Path): Promise<X509Certificate[]> {
    const text = await this.read(file, at, true);
    if (text === null) return [];
    try {
      const found = readCertificates(text);
      if (found.length > 0) return found;
      this.document.report("certificate", at, `${file} has no certificate`, "a PEM file with a certificate");
    } catch {
      this.document.report("certificate", at, `${file} has a certificate that can't be read`, "certificates, whole");
    }
    return [];
  }

  private checkPrivateKey(text: string, certificate: X509Certificate | null, at: Path): void {
    try {
      if (!certificate || certificate.checkPrivateKey(createPrivateKey(text))) return;
      this.document.report("certificate", at, "the key is not the certificate's", "the key that belongs to it");
    } catch {
      this.document.report(
        "certificate",
        at,
        "no private key that can be read",
        "a PEM file with a key, not encrypted",
      );
    }
  }

  /** @param asItIs with the byte order mark that it may begin with, which Envoy would meet */
  private async read(file: string | undefined, at: Path, asItIs = false): Promise<string | null> {
    if (file === undefined) return null;
    const path = this.resolve(file);
    this.paths.add(path);
    try {
      return await readBoundedText(path, MAXIMUM_FILE_BYTES, asItIs);
    } catch (error) {
      if (!(error instanceof FileRefusal)) throw error;
      this.document.report(error.code, at, error.message, error.expected);
      return null;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
