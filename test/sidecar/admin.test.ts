import assert from "node:assert/strict";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { type RunningSidecar, startSidecar } from "./harness.ts";

let sidecar: RunningSidecar;
let socketPath = "";
before(async () => {
  sidecar = await startSidecar();
  await sidecar.event("listening");
  socketPath = join(dirname(sidecar.socketPath), "sidecar-admin.sock");
});
after(() => sidecar.stop());

function call(path: string, body: string, method = "POST"): Promise<{ status: number; body: unknown }> {
  return new Promise((done, refuse) => {
    const sent = request({ socketPath, path, method, agent: false }, (response) => {
      let text = "";
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => done({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.on("error", refuse);
    sent.end(body);
  });
}

test("the admin socket is its user's alone", async () => {
  assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
});

test("what is no command is refused with a code", async () => {
  const refusals: readonly [path: string, body: string, status: number, code: string, method?: string][] = [
    ["/none", "{}", 404, "not_found"],
    ["/constructor", "{}", 404, "not_found"],
    ["/", "{}", 404, "not_found", "PUT"],
  ];
  for (const [path, body, status, code, method] of refusals) {
    const answer = await call(path, body, method);
    assert.equal(answer.status, status);
    assert.equal((answer.body as { error: { code: string } }).error.code, code);
  }
});

test("a caller who leaves in the middle is no error of the sidecar", async () => {
  const caller = connect(socketPath);
  caller.write("POST /route/list HTTP/1.1\r\nhost: sidecar\r\ncontent-length: 10\r\n\r\n{", () => caller.destroy());
  await once(caller, "close");
  assert.equal((await call("/route/list", "{}")).status, 200);
  sidecar.child.kill("SIGTERM");
  await sidecar.exit();
  assert.deepEqual(
    sidecar.events.filter(({ level }) => level === "error"),
    [],
  );
});
