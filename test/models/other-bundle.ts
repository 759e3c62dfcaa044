import { createHash } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ATTACK_CLASSES } from "../../inference-sidecar/src/bundle.ts";
import { bundleFolder } from "./shipped-path.ts";

/** ONNX: ModelProto.graph, GraphProto.initializer, TensorProto.name and raw_data. */
const GRAPH = 7;
const INITIALIZER = 5;
const NAME = 8;
const RAW_DATA = 9;

/**
 * The shipped bundle as `change` makes it, whole, with digests made right, in `folder`; gives its digest. By default its
 * model finds everything a little more dangerous, and its thresholds are others.
 */
export async function otherBundle(
  folder: string,
  change: (bundle: { model: Buffer; screen: Buffer; thresholds: Record<string, number> }) => void = sterner,
): Promise<string> {
  await cp(bundleFolder, folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
  const parts = {
    model: await readFile(join(folder, manifest.model.file)),
    screen: await readFile(join(folder, manifest.screen.file)),
  };
  change(Object.assign(parts, { thresholds: manifest.thresholds }));
  for (const part of ["model", "screen"] as const) {
    await writeFile(join(folder, manifest[part].file), parts[part]);
    manifest[part].sha256 = sha256(parts[part]).toString("hex");
  }
  const words = Buffer.alloc(12);
  ["clearBelow", "denyAlone", "modelDeny"].forEach((name, index) => {
    words.writeUInt32LE(manifest.thresholds[name], index * 4);
  });
  manifest.digest = sha256(Buffer.concat([sha256(parts.model), sha256(parts.screen), words])).toString("hex");
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  return manifest.digest;
}

function sterner({ model, thresholds }: { model: Buffer; thresholds: Record<string, number> }): void {
  shiftBenign(model, -0.7);
  thresholds.modelDeny = Math.round(((thresholds.modelDeny ?? 0) + 1_000_000) / 2);
}

/** Adds to the logit of `benign`, whatever the window: in each row of the bias over the classes. */
export function shiftBenign(model: Buffer, by: number): void {
  const biases = fields(model, GRAPH)
    .flatMap((graph) => fields(graph, INITIALIZER))
    .filter((tensor) => fields(tensor, NAME).some((name) => name.equals(Buffer.from("bias_of_state"))))
    .flatMap((tensor) => fields(tensor, RAW_DATA));
  if (biases.length === 0) throw new Error("the model has no bias over the classes");
  for (const bias of biases) {
    for (let row = 0; row < bias.length; row += 4 * ATTACK_CLASSES.length) {
      bias.writeFloatLE(bias.readFloatLE(row) + by, row);
    }
  }
}

/** The model with a node of this kind and one input behind an output, whose own output is another one of the model. */
export function withNodeBehind(model: Buffer, kind: string, input: string, output: string): Buffer {
  return withOutput(model, field(1, field(1, input), field(2, output), field(4, kind)), output);
}

/** The model with a loop behind an output that never ends of itself; what it goes on with stays, or doubles each time. */
export function withLoopBehind(model: Buffer, turn: "stays" | "doubles", input: string, output: string): Buffer {
  const node = (kind: string, from: readonly string[], to: string, ...more: Buffer[]) =>
    field(1, ...from.map((name) => field(1, name)), field(2, to), field(4, kind), ...more);
  const axis = field(5, field(1, "axis"), Buffer.of(0x18, 0), Buffer.of(0xa0, 0x01, 2));
  const turns = {
    stays: node("Identity", ["value"], "value-after"),
    doubles: node("Concat", ["value", "value"], "value-after", axis),
  };
  const body = [
    node("Identity", ["condition"], "condition-after"),
    turns[turn],
    field(2, "body"),
    ...[tensor(11, "round", INT64, scalar), tensor(11, "condition", BOOL, scalar), tensor(11, "value", FLOAT)],
    ...[tensor(12, "condition-after", BOOL, scalar), tensor(12, "value-after", FLOAT)],
  ];
  const attribute = field(5, field(1, "body"), field(6, ...body), Buffer.of(0xa0, 0x01, 5));
  // Neither a number of rounds nor a condition.
  return withOutput(model, node("Loop", ["", "", input], output, attribute), output);
}

/** Of a tensor's elements, as ONNX numbers them. */
const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;
/** A shape without dimensions. */
const scalar = Buffer.of(0x12, 0);

function withOutput(model: Buffer, node: Buffer, output: string): Buffer {
  // A message that stands twice is merged.
  return Buffer.concat([model, field(GRAPH, node, tensor(12, output, FLOAT))]);
}

/** A graph's input (11) or output (12). */
function tensor(number: number, name: string, elements: number, shape = Buffer.alloc(0)): Buffer {
  return field(number, field(1, name), field(2, field(1, Buffer.of(8, elements), shape)));
}

/** A length-delimited field. */
function field(number: number, ...content: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  const length = [];
  for (let rest = bytes.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.of(8 * number + 2, ...length), bytes]);
}

/** The contents of a message's length-delimited fields with this number, as views. */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      if (Math.floor(tag / 8) === wanted) found.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return found;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
