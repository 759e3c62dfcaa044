/**
 * The sidecar's own log: one JSON line an event, to standard error. Never anything of a request. Where standard error is a
 * file on a full disk the line is lost: Node throws then, and what could not be said must not end what goes on.
 */
export function logEvent(level: "info" | "warn" | "error", event: string, fields: Record<string, unknown> = {}): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
  try {
    process.stderr.write(`${line}\n`);
  } catch {}
}
