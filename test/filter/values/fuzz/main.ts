/** `npm run fuzz -- [INPUTS [SEED]]`: a long run against the compiled core, then what is slowest a byte. */
import { fuzz, slowest } from "./run.ts";

const INPUTS = 1_000_000;
const SLOW_BYTES = 16_384;
const SHOWN = 12;

const [inputs = INPUTS, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
const started = performance.now();
const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`seed ${seed}`);
const findings = await fuzz(inputs, seed, (done) => {
  if (done % 50_000 === 0) say(`${done} inputs, ${seconds()} s`);
});
say(`${findings.inputs} inputs: no trap, all limits kept, ${findings.memoryBytes >> 10} KiB of memory, ${seconds()} s`);
for (const { unit, microsPerKiB, growth } of (await slowest(SLOW_BYTES)).slice(0, SHOWN)) {
  say(
    `${microsPerKiB.toFixed(1)} µs/KiB, ${growth.toFixed(1)} times for four times the bytes: ${JSON.stringify(unit)}`,
  );
}
