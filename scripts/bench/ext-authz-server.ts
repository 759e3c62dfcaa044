import { Server, ServerCredentials } from "@grpc/grpc-js";

const check = "/envoy.service.auth.v3.Authorization/Check";
/** `CheckResponse` with status 0, OK. */
const permitted = Buffer.from([0x0a, 0x00]);

const socket = process.argv[2];
if (socket === undefined) throw new Error("usage: ext-authz-server SOCKET");

/** Permits every request without even decoding it: what remote authorisation costs before it has done anything. */
const server = new Server();
server.addService(
  {
    Check: {
      path: check,
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => bytes,
      requestSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
    },
  },
  { Check: (_call: unknown, answer: (error: null, response: Buffer) => void) => answer(null, permitted) },
);
server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
