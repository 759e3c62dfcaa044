import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { fileErrorText } from "./file-error.ts";

/**
 * Content of a file that holds a secret: no symbolic link, of this user (root takes those of others), nobody else's to open.
 * @returns null: there is none
 * @throws Error for people: the file's name and what is wrong with it
 */
export async function readPrivateFile(path: string, mostBytes: number): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw new Error(fileErrorText(error), { cause: error });
    },
  );
  if (file === null) return null;
  try {
    const stat = await file.stat();
    const own = process.getuid?.();
    if (!stat.isFile()) throw new Error(`${path} is no file`);
    if (stat.size > mostBytes) throw new Error(`${path} has more than ${mostBytes} bytes`);
    if (stat.uid !== own && own !== 0) throw new Error(`${path} belongs to another user`);
    if ((stat.mode & 0o077) !== 0) throw new Error(`${path} holds a secret that others may read: chmod 600 it`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
