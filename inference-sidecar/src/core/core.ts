import { type Gate, openGate } from "./gate.ts";
import { instantiateCore, type MessageFunction, type SignAssertion } from "./instance.ts";
import { type MessageReader, MessageWriter } from "./message.ts";
import { type CoreRequest, encodeRequest, writeRequest } from "./request.ts";
import { type CoreValue, type Form, readValue } from "./value.ts";
import { type Origin, readOrigin, type Window, writeWindows } from "./window.ts";

/** So many bytes of input go into one call. */
const BATCH_BYTES = 1 << 20;

export interface ScreenScore {
  /** Probability of an attack, 0 to 1,000,000. */
  readonly millionths: number;
  /** The window that carried it, at most 256 bytes. */
  readonly start: number;
  readonly end: number;
}

/** In millionths: see `models/bundle/manifest.json`. */
export interface Thresholds {
  readonly clearBelow: number;
  readonly denyAlone: number;
  readonly modelDeny: number;
}

/** The pure stages of the filter, compiled from the same sources. What is thrown comes of wrong use, never of a request. */
export interface Core {
  /**
   * A gate with a policy: `compilePolicy(policy).blob` and `secretsOf(policy)`. Any number of them may be open.
   * @throws Error the policy is refused, or there is no bundle
   */
  openGate(blob: Uint8Array, secrets?: Readonly<Record<string, string>>): Gate;
  /** From now on proofs of possession are remembered for what is judged as it comes in; those made before are refused. */
  rememberProofs(): void;
  /** Payloads as bare values: all forms of each, the first being the payload itself. */
  forms(payloads: readonly Uint8Array[]): Form[][];
  /** All values of each request. */
  values(requests: readonly CoreRequest[]): CoreValue[][];
  /** For each window of a request the smallest range of it from which the window was decoded. Indices must exist. */
  locate(request: CoreRequest, windows: readonly Window[]): Origin[];
  /** The screen's score of each text as it stands, without decoding. @throws Error there is no bundle */
  screen(texts: readonly Uint8Array[]): ScreenScore[];
  /** Whether a certificate (DER) is an authority's or may sign others, so that it is of no workload. */
  maySign(certificate: Uint8Array): boolean;
  /** @throws Error there is no bundle */
  thresholds(): Thresholds;
  /** SHA-256 of the bundle whose screen it has, 32 bytes. @throws Error there is no bundle */
  bundleDigest(): Uint8Array;
  /** Of the module's linear memory. */
  readonly memoryBytes: number;
}

/**
 * A core of its own from the compiled module. Without `sign` a route that wants an assertion is closed to what is judged as it
 * comes in.
 * @throws Error it is no core
 */
export async function openCore(module: Uint8Array, sign: SignAssertion = () => null): Promise<Core> {
  const instance = await instantiateCore(module, sign);
  const { exports } = instance;

  function batched<T>(
    moduleFunction: MessageFunction,
    items: readonly Uint8Array[],
    readAnswer: (reader: MessageReader) => T,
  ): T[] {
    return inBatches(items, (batch) => {
      const message = new MessageWriter().u32(batch.length);
      for (const item of batch) message.bytes(item);
      const reader = instance.ask(moduleFunction, message.finish());
      return batch.map(() => readAnswer(reader));
    });
  }

  function requireScreen(): void {
    if (!exports.screenReady())
      throw new Error(
        "the screen has no weights: there is no bundle, or its table is of a size that the filter doesn't read",
      );
  }

  return {
    openGate: (blob, secrets = {}) => {
      requireScreen();
      return openGate(instance, blob, secrets);
    },
    rememberProofs: () => exports.rememberProofs(Date.now()),
    forms: (payloads) => batched(exports.decodePayloads, payloads, (reader) => [...readValue(reader).forms]),
    values: (requests) =>
      batched(
        exports.extractValues,
        requests.map((request) => encodeRequest(request)),
        (reader) => reader.list(() => readValue(reader)),
      ),
    locate: (request, windows) => {
      const message = writeWindows(writeRequest(new MessageWriter(), request), windows).finish();
      const [origins = []] = batched(exports.locateWindows, [message], (reader) =>
        reader.list(() => readOrigin(reader)),
      );
      return origins;
    },
    screen: (texts) => {
      requireScreen();
      return batched(exports.screenValues, texts, (reader) => ({
        millionths: reader.u32(),
        start: reader.u32(),
        end: reader.u32(),
      }));
    },
    maySign: (certificate) =>
      batched(exports.signingCertificates, [certificate], (reader) => reader.u32() === 1)[0] ?? true,
    thresholds: () => {
      requireScreen();
      return {
        clearBelow: exports.clearBelow() >>> 0,
        denyAlone: exports.denyAlone() >>> 0,
        modelDeny: exports.modelDeny() >>> 0,
      };
    },
    bundleDigest: () => {
      requireScreen();
      return Uint8Array.from(instance.read(exports.bundleDigest()));
    },
    get memoryBytes() {
      return instance.memoryBytes();
    },
  };
}

function inBatches<T>(items: readonly Uint8Array[], call: (batch: Uint8Array[]) => T[]): T[] {
  const results: T[] = [];
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const item of items) {
    batch.push(item);
    size += item.length;
    if (size < BATCH_BYTES) continue;
    for (const result of call(batch)) results.push(result);
    batch = [];
    size = 0;
  }
  for (const result of call(batch)) results.push(result);
  return results;
}
