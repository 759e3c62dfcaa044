import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// node scripts/build/store-packages.mjs FOLDER: what `npm ci --force` there needs to install the store's native part for every
// platform of the images, in the versions and with the hashes of the project's lock file. npm itself takes only the builder's.
const [folder] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const names = ["x64", "arm64"].map((cpu) => `@lmdb/lmdb-linux-${cpu}`);
const locked = names.map((name) => [name, packages[`node_modules/${name}`]]);
const dependencies = Object.fromEntries(locked.map(([name, { version }]) => [name, version]));
const entries = locked.map(([name, { version, integrity }]) => [`node_modules/${name}`, { version, integrity }]);
const lock = { lockfileVersion: 3, packages: { "": { dependencies }, ...Object.fromEntries(entries) } };
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
