import { serveRaw } from "./raw-server.ts";

// In the sidecar's place, for a measurement: acknowledges every report without looking at it, and syncs nothing.

/** postern.v1.ReportResponse: acknowledged, as the largest number, is all; the call takes more. */
const allAcknowledged = Buffer.from([0x08, ...Array<number>(7).fill(0xff), 0x0f, 0x10, 0x01]);
const nothing = Buffer.alloc(0);

serveRaw(
  { "/postern.v1.PolicyInformationPoint/Sync": nothing },
  { "/postern.v1.PolicyInformationPoint/Report": allAcknowledged },
);
