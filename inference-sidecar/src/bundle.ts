import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { valueKinds } from "./core/value.ts";
import { fileErrorText } from "./file-error.ts";
import { StartError } from "./start-error.ts";

/** The order of the model's outputs and of `AttackClass` in postern.proto. */
export const ATTACK_CLASSES = [
  "benign",
  "sqli",
  "xss",
  "path_traversal",
  "rce",
  "ssrf",
  "ssti",
  "xxe",
  "ldap",
  "nosql",
  "header_injection",
  "log4shell",
  "deserialization",
  "scanner",
] as const;

export const SURPRISAL_COLUMNS = 2;

interface Marks {
  readonly begin: number;
  readonly end: number;
  readonly length?: number;
}

export interface ModelInput {
  readonly name: string;
  readonly type: "int32" | "uint8";
  /** Columns of the input: bytes of a window, the rest filled with `padding`. */
  readonly length: number;
  readonly padding: number;
  /**
   * Tokens before a value's first byte and behind its last, and, in the row's last column, that of the shortest class of
   * values; absent: the model is not told.
   */
  readonly marks?: Marks;
}

/** An output of two columns: bits a byte that a window takes, and those that are usual in such a field. */
export interface SurprisalOutput {
  readonly name: string;
  /** The input for the kinds of fields: one index of `kinds` for each window. */
  readonly input: string;
  /** As the core names them, in its order. */
  readonly kinds: readonly string[];
}

export interface ModelShape {
  readonly input: ModelInput;
  readonly outputName: string;
  /** How surprising a window is; absent: the model does not tell. */
  readonly surprisal?: SurprisalOutput;
}

/** What filter and sidecar must have in common, verified: one digest over model, screen and thresholds. */
export interface Bundle extends ModelShape {
  /** 32 bytes. */
  readonly digest: Buffer;
  readonly model: Uint8Array;
  readonly thresholds: Thresholds;
}

const VERSION = 1;
const FILE_MAX_BYTES = 64 * 1024 * 1024;
const INPUT_MOST_BYTES = 4096;
/** The greatest padding token: one past the bytes where the type has room for it. */
const PADDING = { int32: 256, uint8: 255 } as const;
const MARK_MOST = 1023;
const MILLION = 1_000_000;

interface ModelManifest {
  readonly input: {
    readonly name: string;
    readonly shape: readonly unknown[];
    readonly type: string;
    readonly padding: number;
    readonly marks?: Marks;
  };
  readonly output: { readonly name: string };
  readonly surprisal?: SurprisalOutput;
  readonly classes: readonly string[];
}

/** From where on a screen or a model's score means something, in millionths. */
export interface Thresholds {
  readonly clearBelow: number;
  readonly denyAlone: number;
  readonly modelDeny: number;
}

/** @throws StartError `bundle`: a file is missing, or is not what the manifest says it is */
export async function loadBundle(directory: string): Promise<Bundle> {
  try {
    const { digest, model, shape, thresholds } = await readBundle(directory);
    return Object.freeze({ digest, model, thresholds, ...modelShape(shape) });
  } catch (error) {
    throw new StartError("bundle", `bundle ${directory}: ${fileErrorText(error as Error)}`);
  }
}

/** The parts of a bundle. @throws Error a file is missing, or is not what the manifest says it is */
export async function readBundle(directory: string) {
  const manifest = JSON.parse((await readLimited(directory, "manifest.json")).toString("utf8"));
  if (manifest.version !== VERSION) throw new Error(`version ${manifest.version} is not known`);
  const model = await readVerified(directory, manifest.model);
  const screen = await readVerified(directory, manifest.screen);
  const calibration = manifest.calibration === undefined ? null : await readVerified(directory, manifest.calibration);
  const digest = bundleDigest(sha256(model), sha256(screen), manifest.thresholds);
  if (digest.toString("hex") !== manifest.digest) throw new Error("the manifest's digest is not that of its parts");
  const shape = manifest.model as ModelManifest;
  return { digest, model, shape, screen, calibration, thresholds: manifest.thresholds as Thresholds };
}

/** SHA-256 of: the model's SHA-256, the screen's SHA-256, then the three thresholds as u32 little-endian millionths. */
function bundleDigest(model: Buffer, screen: Buffer, thresholds: Record<string, unknown>): Buffer {
  const words = Buffer.alloc(12);
  ["clearBelow", "denyAlone", "modelDeny"].forEach((name, index) => {
    const millionths = thresholds?.[name];
    if (!isIn(millionths, 0, MILLION)) throw new Error(`threshold ${name} is not 0 to ${MILLION} millionths`);
    words.writeUInt32LE(millionths, index * 4);
  });
  return sha256(Buffer.concat([model, screen, words]));
}

function modelShape({ input, output, classes, surprisal }: ModelManifest): ModelShape {
  const length = input.shape[1];
  const padding = PADDING[input.type as keyof typeof PADDING];
  if (padding === undefined) throw new Error(`input type ${input.type} is not int32 or uint8`);
  if (input.shape.length !== 2 || !isIn(length, 1, INPUT_MOST_BYTES))
    throw new Error("the input's shape is not [N, length]");
  if (!isIn(input.padding, 0, padding)) throw new Error(`the input's padding is not 0 to ${padding}`);
  if (input.marks !== undefined && !marksOf(input.marks).every((mark) => isIn(mark, 0, MARK_MOST)))
    throw new Error(`the input's marks are not 0 to ${MARK_MOST}`);
  const names = classes.map((name) => name.replaceAll("-", "_"));
  if (names.join() !== ATTACK_CLASSES.join()) throw new Error("the classes are not those of postern.proto, in order");
  const type = input.type as keyof typeof PADDING;
  if (surprisal !== undefined && surprisal.kinds.join() !== valueKinds.join())
    throw new Error("the kinds of fields are not those of the core, in order");
  const { name, marks } = input;
  const given = { name, type, length, padding: input.padding };
  return {
    input: Object.freeze(marks === undefined ? given : { ...given, marks }),
    outputName: output.name,
    ...(surprisal === undefined ? {} : { surprisal }),
  };
}

function marksOf({ begin, end, length = 0 }: Marks): number[] {
  return [begin, end, length];
}

function isIn(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** What a manifest says of a file of its bundle. */
export interface BundlePart {
  readonly file: string;
  readonly sha256: string;
}

/** @throws Error it is missing, or not what the manifest says it is */
export async function readVerified(directory: string, part: BundlePart): Promise<Buffer> {
  const bytes = await readLimited(directory, part.file);
  if (sha256(bytes).toString("hex") !== part.sha256)
    throw new Error(`${part.file} is not the file of the manifest (SHA-256)`);
  return bytes;
}

async function readLimited(directory: string, file: string): Promise<Buffer> {
  if (file !== basename(file)) throw new Error(`${file} does not lie in the bundle`);
  // O_NONBLOCK: a named pipe is refused instead of being waited for.
  const opened = await open(join(directory, file), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await opened.stat();
    if (!stat.isFile()) throw new Error(`${file} is not a regular file`);
    if (stat.size > FILE_MAX_BYTES) throw new Error(`${file} has more than ${FILE_MAX_BYTES} bytes`);
    return await opened.readFile();
  } finally {
    await opened.close();
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
