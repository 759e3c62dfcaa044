import { type AddressInfo, createServer } from "node:net";

/** A port of the loopback that was free a moment ago, for programs that can't choose one themselves. */
export function freePort(): Promise<number> {
  return new Promise((done, refuse) => {
    const server = createServer();
    server.once("error", refuse);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
