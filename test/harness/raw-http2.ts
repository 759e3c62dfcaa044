import { connect } from "node:net";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS = 0x1;
const RST_STREAM = 0x3;
const SETTINGS = 0x4;
const GOAWAY = 0x7;
const END_STREAM_AND_HEADERS = 0x5;
const PATIENCE_MILLIS = 10_000;

/** What became of a request: the first bytes of the answer's header block, or how the stream ended. */
export type Http2Answer = { readonly kind: "response" | "reset" | "goaway" | "closed"; readonly block: Buffer };

/**
 * Sends one request over cleartext HTTP/2 with header fields as they are, which no client library does: each is a
 * literal without indexing and without Huffman coding (RFC 7541 section 6.2.2).
 */
export function sendRawHttp2(url: string, fields: readonly (readonly [string, string])[]): Promise<Http2Answer> {
  const { hostname, port } = new URL(url);
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = Buffer.alloc(0);
    const done = (answer: Http2Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE_MILLIS, () => {
      socket.destroy();
      reject(new Error(`no answer over HTTP/2 in ${PATIENCE_MILLIS} ms`));
    });
    socket.on("error", reject);
    socket.on("close", () => done({ kind: "closed", block: Buffer.alloc(0) }));
    socket.on("data", (part: Buffer) => {
      received = Buffer.concat([received, part]);
      while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
        const length = received.readUIntBE(0, 3);
        const type = received.readUInt8(3);
        const payload = received.subarray(9, 9 + length);
        received = received.subarray(9 + length);
        if (type === HEADERS) done({ kind: "response", block: payload });
        else if (type === RST_STREAM) done({ kind: "reset", block: payload });
        else if (type === GOAWAY) done({ kind: "goaway", block: payload });
      }
    });
    socket.write(PREFACE);
    socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
    socket.write(frame(HEADERS, END_STREAM_AND_HEADERS, 1, block));
  });
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string literal of HPACK: length as a 7-bit-prefix integer, then the bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
