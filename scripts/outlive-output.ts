import { fileErrorText } from "../inference-sidecar/src/file-error.ts";

/**
 * Whoever reads along may have enough (`| head`, a `tee` that has ended), and a disk may be full: a command goes on to its end, and
 * a gateway for good. What could not be written down is an error all the same, told once.
 */
export function outliveOutput(): void {
  outlive(process.stdout, "standard output");
  outlive(process.stderr, "standard error");
}

function outlive(output: NodeJS.WriteStream, name: string): void {
  let isTold = false;
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (isTold || error.code === "EPIPE") return;
    isTold = true;
    process.stderr.write(`postern: ${fileErrorText(Object.assign(error, { path: name }))}\n`);
    process.once("exit", () => {
      process.exitCode ||= 1;
    });
  });
}
