import { Server, ServerCredentials } from "@grpc/grpc-js";

// In the sidecar's place, for a measurement: acknowledges every report without looking at it, and syncs nothing.

const [socket] = process.argv.slice(2);
if (socket === undefined) throw new Error("usage: discarding-sidecar SOCKET");

/** postern.v1.ReportResponse: acknowledged, as the largest number, is all. */
const allAcknowledged = Buffer.from([0x08, ...Array<number>(7).fill(0xff), 0x0f]);
const nothing = Buffer.alloc(0);

const raw = (name: string) => ({
  path: `/postern.v1.PolicyInformationPoint/${name}`,
  requestStream: false,
  responseStream: false,
  requestDeserialize: (bytes: Buffer) => bytes,
  requestSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
});
const answer = (bytes: Buffer) => (_call: unknown, done: (error: null, response: Buffer) => void) => done(null, bytes);

const server = new Server();
server.addService(
  { Report: raw("Report"), Sync: raw("Sync") },
  { Report: answer(allAcknowledged), Sync: answer(nothing) },
);
server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
