/** What a file or folder is that could not be used, by the system's error code. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is no folder, or lies in none",
  EISDIR: "is a folder",
  EEXIST: "is there already",
  EACCES: "is not open to this user",
  ELOOP: "is a symbolic link, which is not followed here",
  EPERM: "is not open to this user",
  EROFS: "lies on a disk that can't be written",
  ENOSPC: "can't be written: the disk is full",
};

/** An error for people: one of the file system names the file and what is wrong with it, any other speaks for itself. */
export function fileErrorText(error: Error): string {
  const { code = "", path } = error as NodeJS.ErrnoException;
  const words = WORDS[code];
  return words === undefined || path === undefined ? error.message : `${path} ${words}`;
}

/** The same of an error of a Unix socket, which names no path. */
export function socketErrorText(error: Error, socketPath: string): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const words = code === "ECONNREFUSED" ? "has nobody who listens" : WORDS[code];
  return words === undefined ? error.message : `${socketPath} ${words}`;
}
