import { serveRaw } from "./raw-server.ts";

// In the sidecar's place, for a measurement: acknowledges every report without looking at it, and syncs nothing.

/** `takes_more` of both answers. */
const takesMore = [0x10, 0x01];
/** postern.v1.ReportResponse: acknowledged, as the largest number, is all. */
const allAcknowledged = Buffer.from([0x08, ...Array<number>(7).fill(0xff), 0x0f, ...takesMore]);
const nothing = Buffer.from(takesMore);

serveRaw("stream", {
  "/postern.v1.PolicyInformationPoint/Report": allAcknowledged,
  "/postern.v1.PolicyInformationPoint/Sync": nothing,
});
