import { randomFillSync } from "node:crypto";
import { instantiate } from "@assemblyscript/loader";
import { verifySignature } from "../keys/signature.ts";
import { ALGORITHMS, isPublic } from "../policy/algorithms.ts";
import { MessageReader } from "./message.ts";

/** Takes the address of a message; most give that of another. */
export type MessageFunction = (message: number) => number;

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  decodePayloads: MessageFunction;
  extractValues: MessageFunction;
  locateWindows: MessageFunction;
  screenValues: MessageFunction;
  signingCertificates: MessageFunction;
  screenReady(): number;
  bundleDigest(): number;
  clearBelow(): number;
  denyAlone(): number;
  modelDeny(): number;
  openGate: MessageFunction;
  policyRefusal(): number;
  closeGate(gate: number): void;
  rememberProofs(nowMillis: number): void;
  evaluate(gate: number, atMillis: number, live: boolean, message: number): number;
  answerQuestion(question: number, message: number): number;
  enforcement(arrivedMillis: number, encrypted: boolean, decision: number): number;
}

/** A compact JWS of these claims, good until then (Unix seconds); null: there is none. The claims are a view: not to be kept. */
export type SignAssertion = (claims: Buffer, expiresUnixS: number) => string | null;

/** A running core: its functions, and messages to and from them. */
export interface Instance {
  readonly exports: Exports;
  /** Bytes of linear memory. */
  memoryBytes(): number;
  /** Gives the function a message. */
  call(moduleFunction: MessageFunction, message: Uint8Array): number;
  /** The same, and reads the message that it gives. */
  ask(moduleFunction: MessageFunction, message: Uint8Array): MessageReader;
  /** Copies a message out of the module. */
  read(message: number): Uint8Array;
}

/**
 * The `minimal` runtime collects garbage only when it is told to, and a collection costs time for each live object: it
 * waits until about this much was allocated. A call is taken to allocate so much, and so many times what it was given.
 */
const GARBAGE_BYTES = 4 << 20;
const CALL_BYTES = 8192;
const COPIES = 16;

/** A core of its own. @throws Error it is no core */
export async function instantiateCore(module: Uint8Array, sign: SignAssertion): Promise<Instance> {
  const host = {
    fillRandom: (at: number, length: number) => {
      randomFillSync(new Uint8Array(memory.buffer, at, length));
    },
    monotonicMicros: () => performance.now() * 1000,
    signAssertion: (claims: number, length: number, expires: number, into: number, room: number) => {
      const assertion = sign(Buffer.from(memory.buffer, claims, length), expires) ?? "";
      return assertion.length > room ? 0 : Buffer.from(memory.buffer, into, room).write(assertion, "latin1");
    },
    verifySignature: (bit: number, ...spans: [number, number, number, number, number, number]) => {
      const [key, keyLength, signature, signatureLength, text, textLength] = spans;
      const bytes = (at: number, length: number) => Buffer.from(memory.buffer, at, length);
      const algorithm = ALGORITHMS[Math.log2(bit)];
      if (algorithm === undefined || !isPublic(algorithm)) return false;
      return verifySignature(
        algorithm,
        bytes(key, keyLength),
        bytes(signature, signatureLength),
        bytes(text, textLength),
      );
    },
  };
  const { exports } = await instantiate<Exports>(module, { host });
  const { memory, __newArray, __getUint8Array: read, __collect } = exports;
  if (!memory || !__newArray || !read || !__collect)
    throw new Error("the core was built without its runtime's exports");
  let garbage = 0;
  const call = (moduleFunction: MessageFunction, message: Uint8Array) => {
    garbage += CALL_BYTES + COPIES * message.length;
    if (garbage >= GARBAGE_BYTES) {
      __collect();
      garbage = 0;
    }
    return moduleFunction(__newArray(exports.Uint8Array_ID.valueOf(), message));
  };
  return {
    exports,
    memoryBytes: () => memory.buffer.byteLength,
    call,
    ask: (moduleFunction, message) => new MessageReader(read(call(moduleFunction, message))),
    read,
  };
}
