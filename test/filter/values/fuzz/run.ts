import { type Core, type CoreRequest, loadCore } from "../../../../scripts/core.ts";
import { Random } from "../../../harness/random.ts";
import { checkOrigin, checkValues, sizeOf } from "./checks.ts";
import { units } from "./grammar.ts";
import { corpus, mutant, placed, repeated } from "./inputs.ts";

const BATCH = 500;
/** Of so many inputs of a batch the way back is checked. */
const LOCATED = 25;

export interface Findings {
  readonly inputs: number;
  /** Of the module, at the end. */
  readonly memoryBytes: number;
}

/** Runs corpus and random inputs through the compiled core. @throws Error naming seed and input: a trap, or a broken limit */
export async function fuzz(inputs: number, seed: number, progress: (done: number) => void): Promise<Findings> {
  const random = new Random(seed);
  const core = await loadCore();
  await run(
    core,
    random,
    seed,
    corpus.flatMap((bytes) => repeated(bytes.toString("latin1"), bytes.length)),
  );
  let done = 0;
  while (done < inputs) {
    await run(
      core,
      random,
      seed,
      Array.from({ length: BATCH }, () => placed(random, mutant(random))),
    );
    done += BATCH;
    progress(done);
  }
  return { inputs: done, memoryBytes: core.memoryBytes };
}

async function run(core: Core, random: Random, seed: number, requests: readonly CoreRequest[]): Promise<void> {
  try {
    check(core, random, requests);
  } catch (cause) {
    throw await named(seed, requests, cause);
  }
}

function check(core: Core, random: Random, requests: readonly CoreRequest[]): void {
  for (const [index, values] of core.values(requests).entries()) {
    const request = requests[index] as CoreRequest;
    checkValues(request, values);
    if (index % Math.ceil(requests.length / LOCATED) === 0) checkOrigin(core, random, request, values);
  }
}

/** The module's state is broken after a trap: fresh ones find the single request that does it. */
async function named(seed: number, requests: readonly CoreRequest[], cause: unknown): Promise<Error> {
  for (const request of requests) {
    const core = await loadCore();
    try {
      for (let tries = 0; tries < 20; tries++) check(core, new Random(tries), [request]);
    } catch (reason) {
      return new Error(`seed ${seed}: ${describe(request)}: ${reason}`, { cause: reason });
    }
  }
  return new Error(`seed ${seed}: a batch that no single input of it explains`, { cause });
}

function describe({ path, headers, body }: CoreRequest): string {
  const texts = { path, headers: headers.map(([name, value]) => [name, text(value)]), body: text(body ?? "") };
  return JSON.stringify({ ...texts, path: text(path ?? "") });
}

const text = (bytes: string | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("latin1");

export interface Slow {
  readonly unit: string;
  readonly microsPerKiB: number;
  /** Time for four times the bytes over time for these: 4 is linear. */
  readonly growth: number;
}

/** Every unit repeated to `bytes` and to four times that in every place; the slowest first. */
export async function slowest(bytes: number): Promise<Slow[]> {
  const core = await loadCore();
  const found = units.flatMap((unit) =>
    repeated(unit, bytes).map((request, index) => {
      const larger = repeated(unit, 4 * bytes)[index] as CoreRequest;
      const small = millis(core, request);
      const large = millis(core, larger);
      return { unit, microsPerKiB: (large * 1000 * 1024) / sizeOf(larger), growth: large / Math.max(small, 0.2) };
    }),
  );
  return found.sort((one, other) => other.microsPerKiB - one.microsPerKiB);
}

/** Of processor time, the best of three. */
function millis(core: Core, request: CoreRequest): number {
  const times = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    core.values([request]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}
