import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { logEvent } from "./process-log.ts";

/** From the first event of a burst until it is looked at. */
const settleMillis = 60;
/** A folder that is a link, or above one that is replaced, tells nothing when it leads elsewhere: it is looked at by the clock. */
const lookMillis = 1_000;
/** After a look that failed. */
const retryMillis = 2_000;

/**
 * Calls `changed` soon after the content of any of its files may have changed, one call at a time; where it fails the log
 * says so, and it is called again until it does not.
 */
export class FileWatch {
  readonly #changed: () => Promise<void>;
  #files: readonly string[] = [];
  #seen = "";
  /** By folder and what it was when it was watched: another one in its place is watched anew. */
  #watchers = new Map<string, FSWatcher>();
  readonly #clock = setInterval(() => this.#schedule(), lookMillis).unref();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(changed: () => Promise<void>) {
    this.#changed = changed;
  }

  /** Watches these files from now on, and no others. Folders are watched: editors replace files by renaming.
   * In the place of a folder that is not there, the nearest one above it. */
  watch(files: readonly string[]): void {
    const wanted = [...new Set(files)].sort();
    if (wanted.join("\0") === this.#files.join("\0")) return;
    this.#files = wanted;
    this.#watchFolders();
    // A file may have changed after it was read and before it was watched: it is looked at once more.
    this.#seen = "";
    this.#schedule();
  }

  #watchFolders(): void {
    const folders = new Map(this.#files.map((file) => identified(nearestFolder(dirname(file)))));
    for (const [identity, watcher] of this.#watchers) {
      if (folders.has(identity)) continue;
      watcher.close();
      this.#watchers.delete(identity);
    }
    for (const [identity, folder] of folders) {
      if (this.#closed || this.#watchers.has(identity)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#schedule());
        watcher.on("error", () => this.#watchers.delete(identity));
        this.#watchers.set(identity, watcher);
      } catch {
        // The system has no watcher left, or the folder is gone again: the clock looks all the same.
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#clock);
    if (this.#timer) clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    await this.#looking;
  }

  #schedule(millis = settleMillis): void {
    if (this.#timer || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#looking = this.#looking.then(() => this.#look()).catch((error: Error) => this.#lookAgain(error));
    }, millis);
  }

  #lookAgain({ message }: Error): void {
    logEvent("error", "file_not_followed", { files: this.#files, message });
    this.#seen = "";
    this.#schedule(retryMillis);
  }

  async #look(): Promise<void> {
    this.#watchFolders();
    const now = await signature(this.#files);
    if (this.#closed || now === this.#seen) return;
    this.#seen = now;
    await this.#changed();
  }
}

function identified(folder: string): [identity: string, folder: string] {
  const { dev, ino } = statSync(folder, { bigint: true });
  return [`${dev} ${ino} ${folder}`, folder];
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

/** Changes whenever a file is written, replaced, opened to this user or gone, whatever time it is given; follows links. */
async function signature(files: readonly string[]): Promise<string> {
  const parts = files.map(async (file) => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found ? `${found.ino}:${found.size}:${found.ctimeNs}` : "absent";
  });
  return (await Promise.all(parts)).join(" ");
}
