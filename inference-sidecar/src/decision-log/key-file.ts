import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
  // Linked into place whole: a crash leaves no short key, and of two sidecars that start at once one key wins.
  const temporary = `${path}.${randomBytes(8).toString("hex")}`;
  await writeFile(temporary, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(temporary);
  }
  const made = await readKey(path);
  if (made === null) throw new StartError("state_directory", `${path} vanished`);
  return made;
}

async function readKey(path: string): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw new StartError("state_directory", `${path}: ${error.message}`);
    },
  );
  if (file === null) return null;
  try {
    const stat = await file.stat();
    const own = stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
    if (!own || stat.size !== KEY_BYTES) {
      throw new StartError(
        "state_directory",
        `${path} is not a key of ${KEY_BYTES} bytes that is this user's alone (mode 0600)`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
