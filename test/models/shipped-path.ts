import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { runModel } from "../../inference-sidecar/src/model-run.ts";
import { modelRows, type Window } from "../../inference-sidecar/src/tokenizer.ts";
import { type Core, type CoreRequest, loadCore } from "../../scripts/core.ts";

export const bundleFolder = fileURLToPath(new URL("../../models/bundle/", import.meta.url));

export interface Manifest {
  digest: string;
  model: {
    file: string;
    sha256: string;
    classes: string[];
  };
  screen: { file: string; sha256: string };
  thresholds: { clearBelow: number; denyAlone: number; modelDeny: number };
}

export interface Judgement {
  /** Worst score of the screen and, of what it did not clear, of the model; millionths. */
  screen: number;
  model: number;
  /** The model's likeliest class other than benign. */
  attackClass: string;
  /** As in `prevent` with `ask: unsure`. */
  denied: boolean;
}

/** Most windows that one request sends to the model. */
const WINDOWS = 16;

/** Values and screen by the compiled core, the model by onnxruntime-web: what a request meets in `prevent`. */
export async function shippedPath() {
  env.wasm.numThreads = 1;
  const core = await loadCore();
  const manifest = JSON.parse(await readFile(`${bundleFolder}manifest.json`, "utf8")) as Manifest;
  const session = await InferenceSession.create(await readFile(`${bundleFolder}${manifest.model.file}`));

  const bundle = await loadBundle(bundleFolder);

  const answer = (windows: readonly Window[]) => runModel(session, bundle, modelRows(windows, bundle));

  async function probabilities(windows: readonly Window[]): Promise<Float32Array[]> {
    const { classes } = manifest.model;
    const { probabilities: data } = await answer(windows);
    return windows.map((_, row) => data.slice(row * classes.length, (row + 1) * classes.length));
  }

  async function judge(request: CoreRequest): Promise<Judgement> {
    const windows = suspects(core, request).slice(0, WINDOWS);
    const screen = windows[0]?.millionths ?? 0;
    if (screen < manifest.thresholds.clearBelow) return { screen, model: 0, attackClass: "benign", denied: false };
    const sure = screen >= manifest.thresholds.denyAlone;
    const judged = await probabilities(windows.map((suspect) => suspect.window));
    const [worst] = judged.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
    const model = Math.round(1_000_000 * (1 - (worst?.[0] ?? 1)));
    const classes = [...(worst ?? [])].slice(1);
    const attackClass = manifest.model.classes[1 + classes.indexOf(Math.max(...classes))] ?? "benign";
    return { screen, model, attackClass, denied: sure || model >= manifest.thresholds.modelDeny };
  }

  return { core, manifest, answer, probabilities, judge };
}

/** Every form of every value, the worst first. */
function suspects(core: Core, request: CoreRequest) {
  const forms = (core.values([request])[0] ?? []).flatMap((value) => value.forms.map((form) => form.bytes));
  const scores = core.screen(forms);
  return forms
    .map((bytes, index) => {
      const { millionths = 0, start = 0, end = 0 } = scores[index] ?? {};
      const length = [64, 256, 1024, 4096, 16384].filter((most) => bytes.length > most).length;
      const edges = Number(start === 0) + 2 * Number(end === bytes.length) + 4 * length;
      const counted = bytes.length > 256 ? Math.floor(millionths / 2) : millionths;
      return { millionths: counted, window: { bytes: bytes.subarray(start, end), edges } };
    })
    .filter((suspect) => suspect.window.bytes.length > 0)
    .sort((a, b) => b.millionths - a.millionths);
}

/** The ways in which a value comes: query, form, JSON. */
export function placed(value: string): Record<string, CoreRequest> {
  const encoded = encodeURIComponent(value);
  const headers = (type: string) => [
    ["content-type", type] as const,
    ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"] as const,
  ];
  return {
    query: { method: "GET", path: `/search?q=${encoded}`, headers: [] },
    form: {
      method: "POST",
      path: "/comments",
      headers: headers("application/x-www-form-urlencoded"),
      body: Buffer.from(`note=${encoded}&page=1`),
    },
    json: {
      method: "POST",
      path: "/comments",
      headers: headers("application/json"),
      body: Buffer.from(JSON.stringify({ author: "Kim", note: value })),
    },
  };
}
