import { demoFolder } from "../../scripts/demo/folder.ts";

// Runs once before the gateway: the demo's policy, keys and certificates, into the folder that is given.
await demoFolder(process.argv[2] ?? "/etc/postern");
