import { chmod, link, lstat, rename, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, relative, sep } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { StartError } from "./start-error.ts";

const FOLDER_MODE = 0o750;
const SOCKET_MODE = 0o660;
const CONNECT_MS = 1000;

/**
 * Makes the path free to bind: a folder of this user's with mode 0750, nothing at the path but at most a socket of this
 * user's that nobody listens on any more, which is removed.
 * @throws StartError `already_running` or `socket_refused`
 */
export async function prepareSocketPath(path: string, stateDirectory: string): Promise<void> {
  await prepareFolder(dirname(path), stateDirectory);
  const found = await lstat(path).catch(absent);
  if (found === null) return;
  if (!found.isSocket()) throw refused(`${path} exists and is not a socket`);
  if (found.uid !== process.getuid?.()) throw refused(`${path} belongs to another user`);
  if (await isListening(path)) throw alreadyRunning(path);
  await removeStale(path);
}

/** Binds with a narrow umask, so that the socket is never wider than `mode`, not even for a moment. */
export async function withSocketMode(path: string, bind: () => Promise<void>, mode = SOCKET_MODE): Promise<void> {
  const before = process.umask(0o777 & ~mode);
  try {
    await bind();
  } catch (error) {
    if (await isListening(path)) throw alreadyRunning(path);
    throw refused((error as Error).message);
  } finally {
    process.umask(before);
  }
  await chmod(path, mode);
}

async function prepareFolder(folder: string, stateDirectory: string): Promise<void> {
  await makeFolder(folder, FOLDER_MODE);
  const found = await lstat(folder);
  if (!found.isDirectory()) throw refused(`${folder} is not a folder (a symbolic link is not followed)`);
  if (found.uid !== process.getuid?.()) throw refused(`${folder} belongs to another user`);
  if ((found.mode & 0o777 & ~FOLDER_MODE) === 0) return;
  const below = relative(stateDirectory, folder);
  if (below === "" || below.startsWith("..") || below.startsWith(sep)) {
    throw refused(`${folder} is open to others: chmod 750 it`);
  }
  await chmod(folder, found.mode & FOLDER_MODE);
}

/**
 * Takes the socket aside, asks it again and only then removes it: two sidecars that start at once may both have found
 * the path stale, and the slower of them must not remove what the faster has bound meanwhile.
 */
export async function removeStale(path: string): Promise<void> {
  const aside = `${path}.old`;
  try {
    await rename(path, aside);
  } catch {
    throw alreadyRunning(path);
  }
  if (await isListening(aside)) {
    await link(aside, path).catch(() => undefined);
    await unlink(aside).catch(absent);
    throw alreadyRunning(path);
  }
  await unlink(aside).catch(absent);
}

export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const finish = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    // Full backlog, or no answer: somebody holds it.
    socket.setTimeout(CONNECT_MS, () => finish(true));
    socket.once("connect", () => finish(true));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") finish(false);
      else if (error.code === "EAGAIN") finish(true);
      else reject(refused(`${path}: ${error.message}`));
    });
  });
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

function refused(message: string): StartError {
  return new StartError("socket_refused", `socket: ${message}`);
}

function alreadyRunning(path: string): StartError {
  return new StartError("already_running", `socket: ${path}: a sidecar is already running there`);
}
