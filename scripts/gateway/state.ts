import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { longestSocketPath } from "../../envoy/render/plan.ts";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";
import { makeFolder } from "../../inference-sidecar/src/make-folder.ts";
import { OFFER_FILE } from "../../inference-sidecar/src/offer.ts";

/** Absolute paths of a gateway's state. Everything in it is the gateway's user's alone (0700). */
export interface StateFolder {
  readonly root: string;
  /** What a start writes anew: Envoy's and the sidecar's configuration. */
  readonly run: string;
  readonly log: string;
  readonly keys: string;
  /** The folder of the Unix sockets: `run`, or a short one elsewhere when that is too long for a socket's address. */
  readonly sockets: string;
  readonly adminSocket: string;
  readonly sidecarSocket: string;
  /** Takes an operator's commands. */
  readonly sidecarAdminSocket: string;
  /** Beside its socket the sidecar reads the policy in force, and leaves the state that it syncs to the workers. */
  readonly sidecarPolicyFile: string;
  readonly syncStateFile: string;
  /** There it says what it is, as well. */
  readonly sidecarOfferFile: string;
  /** Where Envoy takes the probes of the self-test. */
  readonly selfTestSocket: string;
  /** What Envoy reads the filter's configuration from. */
  readonly filterConfigFile: string;
  /** One line for each request; a file, or /dev/stdout where `envoyLog` is null. */
  readonly accessLog: string;
  /** What Envoy says; null: on this process's own output. */
  readonly envoyLog: string | null;
  /** What the sidecar says. */
  readonly sidecarLog: string;
}

/** The longest name of a socket there. */
const sidecarAdminSocketName = "sidecar-admin.sock";

/** Where the state of a gateway lies; makes no folder. */
export function stateFolder(directory: string): StateFolder {
  const root = resolve(directory);
  const run = join(root, "run");
  const log = join(root, "log");
  const tooLong = Buffer.byteLength(join(run, sidecarAdminSocketName)) > longestSocketPath;
  const digest = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const sockets = tooLong ? join(tmpdir(), `postern-${userInfo().uid}-${digest}`) : run;
  return {
    root,
    run,
    log,
    keys: join(root, "keys"),
    sockets,
    adminSocket: join(sockets, "admin.sock"),
    sidecarSocket: join(sockets, "sidecar.sock"),
    sidecarAdminSocket: join(sockets, sidecarAdminSocketName),
    sidecarPolicyFile: join(sockets, "policy.json"),
    syncStateFile: join(sockets, "sync-state.bin"),
    sidecarOfferFile: join(sockets, OFFER_FILE),
    selfTestSocket: join(sockets, "self-test.sock"),
    filterConfigFile: join(run, "ecds.json"),
    accessLog: join(log, "access.log"),
    envoyLog: join(log, "envoy.log"),
    sidecarLog: join(log, "sidecar.log"),
  };
}

/** Makes the folders. @throws Error a folder that belongs to somebody else, or is none */
export async function prepareState(state: StateFolder): Promise<void> {
  for (const folder of new Set([state.root, state.run, state.log, state.keys, state.sockets])) {
    await makeFolder(folder, 0o700).catch((error: Error) => {
      throw new Error(`${fileErrorText(error)}, and the state needs a folder. Give another one with --state DIR.`);
    });
    const found = await lstat(folder);
    const foreign = process.getuid !== undefined && found.uid !== process.getuid();
    if (folder === state.root && found.isSymbolicLink()) continue;
    if (!found.isDirectory() || foreign) {
      throw new Error(`${folder} is not a folder of this user. Give another one with --state DIR.`);
    }
  }
}
