const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** From now on Ctrl-C and its like abort `signal` instead of ending the process; a second one changes nothing. */
export function onInterruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of signals) process.on(name, () => controller.abort());
  return controller.signal;
}

/** Waits, and keeps the process alive, until the signal is aborted. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const alive = setInterval(() => {}, 60_000);
    const finish = () => {
      clearInterval(alive);
      done();
    };
    if (signal.aborted) finish();
    else signal.addEventListener("abort", finish, { once: true });
  });
}
