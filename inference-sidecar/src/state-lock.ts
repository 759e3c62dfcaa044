import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { makeFolder } from "./make-folder.ts";
import { isListening, removeStale, withSocketMode } from "./socket.ts";
import { StartError } from "./start-error.ts";

const NAME = "sidecar.lock";
const SOCKET_MODE = 0o600;

/**
 * One sidecar for a state folder: takes the lock, gives what releases it. Two would each go on with the chain of the log
 * by themselves. It is a socket that somebody listens on, so that it ends with its process, and other containers see it.
 * @throws StartError `already_running`, or `state_directory`: there can be no socket
 */
export async function lockState(stateDirectory: string): Promise<() => Promise<void>> {
  await makeFolder(stateDirectory, 0o750);
  const folder = await open(stateDirectory, "r");
  // An address of a socket has 107 bytes, whatever the folder's name has.
  const path = `/proc/self/fd/${folder.fd}/${NAME}`;
  const server = createServer((socket) => socket.destroy());
  const bind = () =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  try {
    if (await isListening(path)) throw inUse(stateDirectory);
    if (existsSync(path)) await removeStale(path);
    await withSocketMode(path, bind, SOCKET_MODE);
  } catch (error) {
    await folder.close();
    const { code, message } = error as StartError;
    if (code === "already_running") throw inUse(stateDirectory);
    throw new StartError("state_directory", `${stateDirectory}: ${NAME}: ${message}`);
  }
  server.unref();
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await folder.close();
  };
}

function inUse(stateDirectory: string): StartError {
  return new StartError("already_running", `${stateDirectory}: a sidecar is already running on this state folder`);
}
