import { rm } from "node:fs/promises";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { WireCompletion, WireDecision, WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";
import { eventually } from "../harness/eventually.ts";

const protoPath = fileURLToPath(new URL("../../inference-sidecar/proto/postern.proto", import.meta.url));
const proto = loadSync(protoPath, { longs: Number, enums: String, defaults: true });
const service = proto["postern.v1.PolicyInformationPoint"] as ServiceDefinition;
const Score = service.Score as MethodDefinition<object, object>;
const Report = service.Report as MethodDefinition<object, object>;
const Sync = service.Sync as MethodDefinition<object, object>;
const Sign = service.Sign as MethodDefinition<object, object>;
const Verify = service.Verify as MethodDefinition<object, object>;
const INVALID_ARGUMENT = "3";
const FRAME_HEAD = 5;
const grpcHead = { ":status": 200, "content-type": "application/grpc" } as const;

/** What becomes of one Score call: the stream is answered, or not, by any means that HTTP/2 has. */
export type ScoreBehaviour = (stream: ServerHttp2Stream, windows: readonly string[]) => void;

/** What was reported of a decision, at once or in two records. */
type Reported = Omit<WireDecision, Enums> & Record<Enums, string> & WireCompletion;
type Enums = "rung" | "effect" | "scoredBy" | "attackClass";

/** A sidecar of which every answer, and every fault, is in the hands of the test. It takes all records. */
export interface PlayedSidecar {
  behave: ScoreBehaviour;
  /** A report of more records is refused; at first: none is. */
  recordsMost: number;
  /** Whether a call of Report carries one report after the other; if not, one, once its client has ended its side. At first: so. */
  takesMore: boolean;
  /** Whether reports are answered; at first: they are. */
  acknowledges: boolean;
  /** The calls of Report that were made. */
  readonly reportCalls: readonly ServerHttp2Stream[];
  /** Answers a Verify call; at first: that the signature is not good. */
  verify: (stream: ServerHttp2Stream, algorithm: string) => void;
  /** Answers a Sign call; at first: as one that signs nothing. */
  sign: (stream: ServerHttp2Stream, claims: string) => void;
  /** Answers a Sync call of a worker that has `version`; at first: that there is nothing new. */
  sync: (stream: ServerHttp2Stream, version: number) => void;
  /** The version that each worker last said it has. */
  readonly workers: ReadonlyMap<string, number>;
  /** By the decision's id, in hexadecimal. */
  readonly records: ReadonlyMap<string, Reported>;
  /** The digest of the policy under which a decision was reported. */
  policyOf(id: string): string;
  /** The record of a decision, once it and its completion were reported. */
  record(id: string): Promise<Reported>;
  /** Ends its connections and takes the socket away. */
  stop(): Promise<void>;
}

export async function playSidecar(socketPath: string, behave: ScoreBehaviour): Promise<PlayedSidecar> {
  const records = new Map<string, Reported>();
  const policies = new Map<string, string>();
  const workers = new Map<string, number>();
  const reportCalls: ServerHttp2Stream[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session)).on("error", () => {});
  });
  server.on("stream", async (stream, headers) => {
    stream.on("error", () => {});
    if (headers[":path"] === Report.path) {
      await carry(stream).catch(() => undefined);
      return;
    }
    const message = await receive(stream).catch(() => null);
    if (message === null || stream.destroyed) return;
    if (headers[":path"] === Score.path) {
      const { windows } = Score.requestDeserialize(message) as { windows: Buffer[] };
      played.behave(
        stream,
        windows.map((window) => window.toString("latin1")),
      );
      return;
    }
    if (headers[":path"] === Verify.path) {
      const { algorithm } = Verify.requestDeserialize(message) as { algorithm: string };
      played.verify(stream, algorithm);
      return;
    }
    if (headers[":path"] === Sign.path) {
      const { claims } = Sign.requestDeserialize(message) as { claims: Buffer };
      played.sign(stream, claims.toString());
      return;
    }
    const { worker, version } = Sync.requestDeserialize(message) as { worker: Buffer; version: number };
    workers.set(worker.toString("hex"), version);
    played.sync(stream, version);
  });
  const take = (stream: ServerHttp2Stream, message: Buffer) => {
    const report = Report.requestDeserialize(message) as { records: WireRecord[]; policyDigest: Buffer };
    if (report.records.length > played.recordsMost) {
      end(stream, INVALID_ARGUMENT);
      return;
    }
    for (const { decisionId, decision, completion } of report.records) {
      const id = decisionId.toString("hex");
      records.set(id, { ...records.get(id), ...decision, ...completion } as Reported);
      policies.set(id, report.policyDigest.toString("hex"));
    }
    const acknowledged = Math.max(...report.records.map(({ sequence }) => sequence));
    if (played.acknowledges) say(stream, Report.responseSerialize({ acknowledged, takesMore: played.takesMore }));
  };
  const carry = async (stream: ServerHttp2Stream) => {
    reportCalls.push(stream);
    let rest: Buffer = Buffer.alloc(0);
    const takeWhole = () => {
      while (rest.length >= FRAME_HEAD && rest.length >= FRAME_HEAD + rest.readUInt32BE(1)) {
        const next = FRAME_HEAD + rest.readUInt32BE(1);
        take(stream, rest.subarray(FRAME_HEAD, next));
        rest = rest.subarray(next);
      }
    };
    for await (const part of stream) {
      rest = Buffer.concat([rest, part as Buffer]);
      if (played.takesMore) takeWhole();
    }
    takeWhole();
    if (played.acknowledges) end(stream);
  };
  await rm(socketPath, { force: true });
  await new Promise<void>((done) => server.listen(socketPath, done));
  const played: PlayedSidecar = {
    behave,
    recordsMost: Number.POSITIVE_INFINITY,
    takesMore: true,
    acknowledges: true,
    reportCalls,
    verify: (stream) => answer(stream, verdict(false)),
    sign: (stream) => answer(stream, Buffer.alloc(0)),
    sync: (stream) => answer(stream, Buffer.alloc(0)),
    records,
    workers,
    policyOf: (id) => policies.get(id) ?? "",
    record: async (id) =>
      (await eventually(
        () => records.get(id),
        (record) => record?.reason !== undefined && record.responseStatus !== undefined,
      )) as Reported,
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
  return played;
}

/** A gRPC message in its frame; `announced`: the length that its head gives. */
export function frame(message: Uint8Array, announced = message.length): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(announced, 1);
  return Buffer.concat([head, message]);
}

/** Answers as gRPC does: a head, one message, a status in the trailers. */
export function answer(stream: ServerHttp2Stream, message: Uint8Array, status = "0"): void {
  if (stream.destroyed) return;
  say(stream, message);
  end(stream, status);
}

/** A message, behind a head where it is the first; the stream goes on. */
function say(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed) return;
  if (!stream.headersSent) stream.respond(grpcHead, { waitForTrailers: true });
  stream.write(frame(message));
}

/** A status in the trailers. */
export function end(stream: ServerHttp2Stream, status = "0"): void {
  if (stream.destroyed || stream.writableEnded) return;
  if (!stream.headersSent) stream.respond(grpcHead, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
  stream.end();
}

/** A head and then these very bytes, the stream left open. */
export function begin(stream: ServerHttp2Stream, bytes: Uint8Array): void {
  stream.respond(grpcHead);
  stream.write(bytes);
}

export function scores(...millionths: readonly number[]): Buffer {
  return Score.responseSerialize({
    scores: millionths.map((attackMillionths) => ({ attackMillionths, attackClass: 1 })),
  });
}

/** postern.v1.VerifyResponse */
export function verdict(verified: boolean): Buffer {
  return Verify.responseSerialize({ verified });
}

/** postern.v1.SignResponse */
export function signed(assertion: string | Buffer): Buffer {
  return Sign.responseSerialize({ assertion: Buffer.from(assertion as string) });
}

/** postern.v1.SyncResponse with this state. */
export function syncResponse(state: object): Buffer {
  return Sync.responseSerialize({ state });
}

/** Every window is harmless. */
export const benign: ScoreBehaviour = (stream, windows) => answer(stream, scores(...windows.map(() => 1)));

async function receive(stream: ServerHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).subarray(FRAME_HEAD);
}
