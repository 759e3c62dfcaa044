// Plain Node without dependencies: it runs before there are any.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = 20;

/** Ends the process with a message when Node is too old or the modules can't be installed. */
export function ensureModules() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldestNode) {
    fail(
      `postern needs Node ${oldestNode} or newer, this is ${process.versions.node}. Install it, then run this again.`,
    );
  }
  if (modulesAreCurrent()) return;
  process.stderr.write("postern: installing the node modules that package-lock.json names (once) …\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, error } = spawnSync(npm, ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (error) fail(`npm could not be run (${error.message}). Install npm beside Node, then run this again.`);
  if (status !== 0)
    fail("npm ci failed (its message stands above). Check the network or npm's proxy settings, then run this again.");
}

/** Whether what npm says it installed (node_modules/.package-lock.json) is what package-lock.json asks for. */
function modulesAreCurrent() {
  const wanted = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = installed[path];
    // npm leaves out optional packages of other platforms.
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity && found.resolved === entry.resolved;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

function fail(message) {
  process.stderr.write(`postern: ${message}\n`);
  process.exit(1);
}
