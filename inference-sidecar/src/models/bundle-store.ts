import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type BundlePart, readBundle, readVerified } from "../bundle.ts";
import { syncFolder, writeDurably, writeNew } from "../durable-file.ts";
import { makeFolder } from "../make-folder.ts";

/** Which bundle a gateway is to use, as it lies in `STATE/models/in-force.json`. */
export interface BundleWish {
  readonly version: 1;
  /** New for each wish: what becomes of it is told under this name. */
  readonly id: string;
  /** Digests, hexadecimal. */
  readonly bundle: string;
  readonly former: string;
}

const VERSION = 1;
const MANIFEST = "manifest.json";
const DIGEST = /^[0-9a-f]{64}$/;
/** Beside those that are named: what another version of the sidecar, or of the filter, may still ask for. */
const UNNAMED_KEPT = 1;

/** The bundles of a state folder, each whole in `STATE/models/DIGEST/`, and the one that is to be in force. */
export class BundleStore {
  readonly #folder: string;

  constructor(stateDirectory: string) {
    this.#folder = join(stateDirectory, "models");
  }

  get wishFile(): string {
    return join(this.#folder, "in-force.json");
  }

  directoryOf(digest: string): string {
    return join(this.#folder, digest);
  }

  /** Null: the bundle that ships. @throws Error the file can't be read, or is of another version */
  async wish(): Promise<BundleWish | null> {
    const text = await readFile(this.wishFile, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    return text === null ? null : parseWish(text, this.wishFile);
  }

  /** Has the gateway take the bundle up, which must be in the store. */
  async want(bundle: string, former: string): Promise<BundleWish> {
    const wish: BundleWish = { version: VERSION, id: randomUUID(), bundle, former };
    await this.#putWish(wish);
    return wish;
  }

  /** As if it had not been wished for. `before` null: the bundle that ships. */
  async takeBack(before: BundleWish | null): Promise<void> {
    if (before === null) await rm(this.wishFile, { force: true });
    else await this.#putWish(before);
  }

  /** Of all that it has. */
  async digests(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => DIGEST.test(name));
  }

  /** Copies a bundle into the store, whole or not at all; gives its digest. @throws Error it is none */
  async add(from: string): Promise<string> {
    const digest = (await readBundle(from)).digest.toString("hex");
    const manifest = await readFile(join(from, MANIFEST));
    const place = this.directoryOf(digest);
    if (await isCopy(place, manifest)) return digest;
    await makeFolder(this.#folder, 0o700);
    const beside = await mkdtemp(join(this.#folder, ".new-"));
    try {
      for (const part of partsOf(manifest)) await writeNew(join(beside, part.file), await readVerified(from, part));
      await writeDurably(join(beside, MANIFEST), manifest);
      await readBundle(beside);
      await rm(place, { recursive: true, force: true });
      await rename(beside, place);
      await syncFolder(this.#folder);
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
    return digest;
  }

  /** Whether it has a bundle of this one's digest that says something else of its parts: the digest is not of input and calibration. */
  async hasTwin(of: string): Promise<boolean> {
    const place = this.directoryOf((await readBundle(of)).digest.toString("hex"));
    const isSound = await readBundle(place).then(
      () => true,
      () => false,
    );
    return isSound && !isDeepStrictEqual(await saidOf(of), await saidOf(place));
  }

  /** Removes all but those that are named here or by the wish, and the newest of the others. */
  async prune(named: readonly string[]): Promise<void> {
    const wish = await this.wish();
    const kept = new Set([...named, ...(wish === null ? [] : [wish.bundle, wish.former])]);
    const others = (await this.digests()).filter((name) => !kept.has(name));
    const aged = await Promise.all(
      others.map(async (name) => ({ name, madeMs: (await stat(this.directoryOf(name))).mtimeMs })),
    );
    const gone = aged.sort((a, b) => b.madeMs - a.madeMs).slice(UNNAMED_KEPT);
    for (const { name } of gone) await rm(this.directoryOf(name), { recursive: true, force: true });
  }

  async #putWish(wish: BundleWish): Promise<void> {
    await makeFolder(this.#folder, 0o700);
    await writeDurably(this.wishFile, JSON.stringify(wish));
  }
}

/** The files that a manifest speaks of, those of a later version among them. */
function partsOf(manifest: Buffer): BundlePart[] {
  const parts = Object.values(JSON.parse(manifest.toString("utf8"))) as (Partial<BundlePart> | null)[];
  return parts.filter((part): part is BundlePart => typeof part?.file === "string");
}

/** What a manifest says, but for where the bundle comes from. */
async function saidOf(directory: string): Promise<object> {
  const { training, ...said } = JSON.parse(await readFile(join(directory, MANIFEST), "utf8"));
  return said;
}

async function isCopy(directory: string, manifest: Buffer): Promise<boolean> {
  try {
    await readBundle(directory);
    return manifest.equals(await readFile(join(directory, MANIFEST)));
  } catch {
    return false;
  }
}

function parseWish(text: string, path: string): BundleWish {
  const wish = JSON.parse(text) as Partial<BundleWish>;
  if (wish.version !== VERSION) {
    throw new Error(`${path} is of version ${wish.version}, this release reads version ${VERSION}`);
  }
  const { id, bundle, former } = wish;
  if (typeof id !== "string" || !DIGEST.test(bundle ?? "") || !DIGEST.test(former ?? ""))
    throw new Error(`${path} names no bundle`);
  return wish as BundleWish;
}
