import type { Admission } from "./admission.ts";
import type { Handler } from "./calls.ts";
import { verifySignature } from "./keys/signature.ts";
import type { PublicKeyAlgorithm } from "./policy/algorithms.ts";
import { ServiceError } from "./service-error.ts";

/** postern.v1.VerifyRequest */
interface VerifyRequest {
  algorithm: string;
  spki: Buffer;
  signature: Buffer;
  signingInput: Buffer;
}

/** postern.v1.VerifyResponse */
interface VerifyResponse {
  verified: boolean;
}

/** Everything else the filter verifies itself, and never asks about. */
const ALGORITHMS: readonly string[] = ["PS256", "PS384", "PS512", "EdDSA"] satisfies PublicKeyAlgorithm[];
/** Of RSA keys of 8192 bits, and their signatures. */
const SPKI_BYTES_MOST = 2048;
const SIGNATURE_BYTES_MOST = 1024;
/** The filter takes no larger token. */
const TEXT_BYTES_MOST = 8192;

/** Verifies one signature with the key that comes with it: whose key that is, and what the token says, is the filter's. */
export function verifyHandler(admission: Admission): Handler<VerifyRequest, VerifyResponse> {
  return async ({ algorithm, spki, signature, signingInput }) => {
    if (!ALGORITHMS.includes(algorithm))
      throw new ServiceError("invalid_argument", `expected ${ALGORITHMS.join(", ")}`);
    requireLength("spki", spki, SPKI_BYTES_MOST);
    requireLength("signature", signature, SIGNATURE_BYTES_MOST);
    requireLength("signing_input", signingInput, TEXT_BYTES_MOST);
    const release = admission.admit();
    try {
      return { verified: verifySignature(algorithm as PublicKeyAlgorithm, spki, signature, signingInput) };
    } finally {
      release();
    }
  };
}

function requireLength(name: string, { length }: Buffer, most: number): void {
  if (length < 1 || length > most) throw new ServiceError("invalid_argument", `${name}: expected 1 to ${most} bytes`);
}
