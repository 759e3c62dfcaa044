import { randomBytes } from "node:crypto";
import { link, mkdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeNew } from "../durable-file.ts";
import { readPrivateFile } from "../private-file.ts";
import { StartError } from "../start-error.ts";

const KEY_BYTES = 32;

/**
 * 32 random bytes from `STATE/keys/NAME`, which the first start makes.
 * @throws StartError `state_directory`: not such a file, or not this user's alone (0600)
 */
export async function loadKeyFile(stateDirectory: string, name: string): Promise<Buffer> {
  const directory = join(stateDirectory, "keys");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  const found = await readKey(path);
  if (found !== null) return found;
  // Linked into place whole: neither a crash nor a loss of power leaves a short key, and of two sidecars that start at once one key wins.
  const temporary = `${path}.${randomBytes(8).toString("hex")}.new`;
  await writeNew(temporary, randomBytes(KEY_BYTES));
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(temporary);
  }
  await syncFolder(directory);
  const made = await readKey(path);
  if (made === null) throw new StartError("state_directory", `${path} vanished`);
  return made;
}

async function readKey(path: string): Promise<Buffer | null> {
  const key = await readPrivateFile(path, KEY_BYTES).catch(({ message }: Error) => {
    throw new StartError("state_directory", message);
  });
  if (key !== null && key.length !== KEY_BYTES) {
    throw new StartError("state_directory", `${path} is no key: it has ${key.length} bytes, not ${KEY_BYTES}`);
  }
  return key;
}
