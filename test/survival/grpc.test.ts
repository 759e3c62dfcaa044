import assert from "node:assert/strict";
import { connect, type OutgoingHttpHeaders } from "node:http2";
import { after, before, test } from "node:test";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
  type StatusObject,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = (jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [ES256], jwks: { inline: ${jwks} }, clockSkew: 0s }]
routes:
  - { name: say, match: { methods: [POST], path: /test.Talk/Say }, public: true, score: { deadline: 2s } }
  - { name: talk, match: { methods: [POST], path: /test.Talk/Talk }, allow: [{ issuer: shop }], score: headers }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const asIs = (bytes: Buffer) => bytes;
const codec = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };

let server: Server;
let arrived: string[] = [];
let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;
let client: Client;

before(
  async () => {
    server = new Server();
    const methods = {
      Say: { path: "/test.Talk/Say", requestStream: false, responseStream: false, ...codec },
      Talk: { path: "/test.Talk/Talk", requestStream: true, responseStream: true, ...codec },
    };
    server.addService(methods, {
      Say: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
        arrived.push(call.request.toString());
        const trailers = new Metadata();
        trailers.set("x-said", "yes");
        reply(null, Buffer.from(`heard ${call.request}`), trailers);
      },
      Talk: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.sendMetadata(new Metadata());
        call.on("data", (message: Buffer) => {
          arrived.push(message.toString());
          call.write(Buffer.from(`heard ${message}`));
        });
        call.on("end", () => call.end()).on("error", () => {});
      },
    });
    const port = await new Promise<number>((done, refuse) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? refuse(error) : done(bound),
      ),
    );
    issuer = await makeIssuer("https://issuer.shop.example", "shop");
    gate = await startEnforcement({ upstream: new URL(`http://127.0.0.1:${port}`), policy: policy(issuer.jwks) });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
    client = new Client(new URL(gate.url).host, credentials.createInsecure());
  },
  { timeout: 120_000 },
);
after(async () => {
  client.close();
  await gate.stop();
  await sidecar.stop();
  server.forceShutdown();
});

interface Said {
  readonly message: string;
  readonly code: number;
  readonly trailer: string;
}

function say(message: string, method = "/test.Talk/Say"): Promise<Said> {
  return new Promise((done) => {
    let text = "";
    const call = client.makeUnaryRequest(method, asIs, asIs, Buffer.from(message), (_: ServiceError | null, reply) => {
      text = reply?.toString() ?? "";
    });
    call.on("status", ({ code, metadata }: StatusObject) =>
      // The message is there when the status is.
      setImmediate(() => done({ message: text, code, trailer: String(metadata.get("x-said")[0] ?? "") })),
    );
  });
}

function talk(token: string | null): { call: ClientDuplexStream<Buffer, Buffer>; status: Promise<StatusObject> } {
  const metadata = new Metadata();
  if (token !== null) metadata.set("authorization", `Bearer ${token}`);
  const call = client.makeBidiStreamRequest("/test.Talk/Talk", asIs, asIs, metadata);
  call.on("error", () => {});
  return { call, status: new Promise((done) => call.on("status", done)) };
}

function next(call: ClientDuplexStream<Buffer, Buffer>): Promise<string> {
  return new Promise((done, refuse) => {
    call.once("data", (message: Buffer) => done(message.toString()));
    call.once("error", refuse);
  });
}

test("a unary call passes with its trailers, and an attack in its message is PERMISSION_DENIED", async () => {
  arrived = [];
  assert.deepEqual(await say("hello"), { message: "heard hello", code: 0, trailer: "yes" });
  assert.equal((await say(attack)).code, 7);
  assert.equal((await say("hello", "/test.Talk/Unknown")).code, 7);
  assert.deepEqual(arrived, ["hello"]);
});

test("both sides of a stream talk at once; without a token it is UNAUTHENTICATED and nothing goes upstream", async () => {
  arrived = [];
  const refused = talk(null);
  refused.call.write(Buffer.from("let me in"));
  assert.equal((await refused.status).code, 16);
  assert.deepEqual(arrived, []);
  const { call, status } = talk(await issuer.token("ES256", ""));
  for (const word of ["one", "two", "three"]) {
    const reply = next(call);
    call.write(Buffer.from(word));
    assert.equal(await reply, `heard ${word}`);
  }
  call.end();
  assert.equal((await status).code, 0);
});

test("a stream ends when its token expires, also after a change of the policy", { timeout: 30_000 }, async () => {
  const token = await issuer.token("ES256", "", { expiresIn: 4 });
  const expiry = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp * 1000;
  const { call, status } = talk(token);
  const first = next(call);
  call.write(Buffer.from("one"));
  assert.equal(await first, "heard one");
  await gate.change(`${policy(issuer.jwks)}  - { name: more, match: { path: /more }, public: true }\n`);
  const second = next(call);
  call.write(Buffer.from("two"));
  assert.equal(await second, "heard two");
  assert.notEqual((await status).code, 0);
  const late = Date.now() - expiry;
  assert.ok(late >= 0 && late < 1_500, `ended ${late} ms after the token expired`);
  const ended = () => [...sidecar.records.values()].filter((record) => record.ended === "token_expired");
  await eventually(ended, ({ length }) => length === 1);
});

/** The reply's `grpc-status` for one message with fields behind it, which gRPC's own clients never send. */
function sayWithTrailers(trailers: OutgoingHttpHeaders): Promise<string> {
  const session = connect(gate.url);
  const head = { ":method": "POST", ":path": "/test.Talk/Say", "content-type": "application/grpc", te: "trailers" };
  return new Promise<string>((resolve, reject) => {
    const stream = session.request(head, { waitForTrailers: true } as object);
    const take = (fields: Record<string, unknown>) => {
      if (fields["grpc-status"] !== undefined) resolve(`${fields["grpc-status"]}`);
    };
    stream.on("response", take).on("trailers", take).on("error", reject).resume();
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, 4, 0x0a, 2]), Buffer.from("hi")]));
  }).finally(() => session.close());
}

test("the fields behind a message are judged with it", async () => {
  assert.equal(await sayWithTrailers({ "x-note": "as agreed" }), "0");
  const before = arrived.length;
  assert.equal(await sayWithTrailers({ "x-note": attack }), "7");
  assert.equal(arrived.length, before);
});
