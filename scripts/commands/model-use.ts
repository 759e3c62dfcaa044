import { readBundle } from "../../inference-sidecar/src/bundle.ts";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";
import { BundleStore, type BundleWish } from "../../inference-sidecar/src/models/bundle-store.ts";
import { screenSegment } from "../build/bundle.ts";
import { isLocked } from "../gateway/lock.ts";
import { type StateFolder, stateFolder } from "../gateway/state.ts";
import { wishOutcome } from "../gateway/stored-module.ts";
import { waitUntil } from "../gateway/wait-until.ts";
import { shippedBundle } from "../model/shipped-bundle.ts";
import { smokeTest } from "../model/smoke-test.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

export const useUsage = "postern model use DIR [--state DIR]";
/** A sidecar that is killed meanwhile takes the longest. */
const patienceMillis = 90_000;

/**
 * Puts another bundle in force, now where a gateway is running, and after every start.
 * Exit codes: 0 it is in force, or will be from the next start on; 1 it was refused, what was in force stays; 2 wrong use.
 */
export async function modelUse(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(useUsage, {
    args,
    allowPositionals: true,
    options: { state: { type: "string", default: "./.postern" } },
  });
  const [directory] = positionals;
  if (positionals.length !== 1 || directory === undefined) throw new UsageError(`usage: ${useUsage}`);
  await check(directory);
  const state = stateFolder(values.state);
  const store = new BundleStore(state.root);
  const former = (await store.wish())?.bundle ?? (await store.add(shippedBundle));
  if (await store.hasTwin(directory)) {
    const why = "has the digest of a bundle in the state folder, but says something else of its input or calibration";
    throw new Error(`${directory} ${why}: records could not tell the two apart`);
  }
  const bundle = await store.add(directory);
  if (bundle === former) {
    const isRunning = await isLocked(state);
    process.stdout.write(`bundle ${bundle} ${isRunning ? "is in force already" : fromNextStart(state)}\n`);
    return 0;
  }
  const wish = await store.want(bundle, former);
  const back = `back: postern model use ${store.directoryOf(former)} --state ${values.state}\n`;
  if (!(await isLocked(state))) {
    await store.prune([]);
    process.stdout.write(`bundle ${bundle} ${fromNextStart(state)}\n${back}`);
    return 0;
  }
  await untilInForce(state, wish);
  await store.prune([]);
  process.stdout.write(`bundle ${bundle} is in force\n${back}`);
  return 0;
}

function fromNextStart({ root }: StateFolder): string {
  return `is used from the next start on: no gateway runs with ${root}`;
}

/** @throws Error why the bundle must not be used */
async function check(directory: string): Promise<void> {
  try {
    await readBundle(directory);
    await screenSegment(directory);
    await smokeTest(directory);
  } catch (error) {
    throw new Error(`${directory} can't be used: ${fileErrorText(error as Error)}`);
  }
}

/** @throws Error the gateway refused it, or did not answer */
async function untilInForce(state: StateFolder, { id }: BundleWish): Promise<void> {
  let refused: string | null = null;
  const told = await waitUntil(async () => {
    const outcome = await wishOutcome(state);
    refused = outcome?.refused ?? null;
    return outcome?.wish === id;
  }, patienceMillis);
  if (!told) {
    throw new Error(
      `the gateway has not said within ${patienceMillis / 1000} s that the bundle is in force. Its own output says why; it is used from the next start on`,
    );
  }
  if (refused !== null) throw new Error(`the gateway refused the bundle, and keeps the one before: ${refused}`);
}
