import type { Random } from "../harness/random.ts";
import { payload, percentEncoded } from "./parity-payloads.ts";

export interface ParityBody {
  readonly contentType: string;
  readonly content: Buffer;
}

const xml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** JSON, form, multipart, batch, XML, text, binary, protocol buffers, or one that says it is another. */
export function body(random: Random): ParityBody {
  if (random.chance(2)) return manyValues(random);
  const fields = Array.from({ length: 1 + random.below(4) }, (_, index) => [`f${index}`, payload(random)] as const);
  const text = (bytes: Buffer) => bytes.toString();
  const made = random.pick([
    () => json(random, Object.fromEntries(fields.map(([name, value]) => [name, text(value)]))),
    () => of("application/json", Buffer.concat([Buffer.from('{"note":"'), payload(random), Buffer.from('"}')])),
    () =>
      of(
        "application/x-www-form-urlencoded",
        Buffer.from(fields.map(([name, value]) => `${name}=${percentEncoded(random, value)}`).join("&")),
      ),
    () => multipart(random, fields),
    () => batch(random, fields),
    () => of("application/x-protobuf", message(fields)),
    () => of("application/x-www-form-urlencoded; charset=utf-16", Buffer.from("a=%3Cb%3E&c=d", "utf16le")),
    () =>
      of(
        random.pick(["application/xml", "text/xml; charset=utf-8"]),
        Buffer.from(
          `<?xml version="1.0"?><o id="5">${fields.map(([n, v]) => `<${n}>${xml(text(v))}</${n}>`).join("")}</o>`,
        ),
      ),
    () => of("text/plain", Buffer.concat(fields.map(([, value]) => Buffer.concat([value, Buffer.from("\n")])))),
    () => of("application/octet-stream", Buffer.concat([random.bytes(300), payload(random), random.bytes(300)])),
    () => of("text/plain; charset=utf-16", Buffer.from(text(payload(random)), "utf16le")),
    () => of("", payload(random)),
  ])();
  return random.chance(4) ? { ...made, contentType: random.pick(["text/html", "application/json", "nonsense"]) } : made;
}

/** Over every limit of the policy, or just at one. */
export function largeBody(random: Random): ParityBody {
  const size = random.pick([4096, 4097, 16_384, 16_385, 20_000, 40_000]);
  const start = Buffer.concat([payload(random), Buffer.from(" ")]);
  return of("text/plain", Buffer.concat([start, Buffer.alloc(size, "lorem ipsum dolor ")]).subarray(0, size));
}

/** More than are kept each by itself, with a few that tell more behind them. */
function manyValues(random: Random): ParityBody {
  const values = Array.from({ length: 512 + random.below(300) }, (_, index) => `${index}`);
  for (let left = random.below(4); left > 0; left--)
    values.splice(505 + random.below(values.length - 505), 0, payload(random).toString());
  if (random.chance(50)) return of("application/json", Buffer.from(JSON.stringify(values)));
  const pairs = values.map((value) => `a=${percentEncoded(random, Buffer.from(value))}`);
  return of("application/x-www-form-urlencoded", Buffer.from(pairs.join("&")));
}

function of(contentType: string, content: Buffer): ParityBody {
  return { contentType, content };
}

function json(random: Random, fields: Record<string, string>): ParityBody {
  const value = random.chance(50) ? fields : { order: { items: [fields, 7, null, true], total: 12.5 } };
  return of("application/json", Buffer.from(JSON.stringify(value, null, random.below(3))));
}

function multipart(random: Random, fields: readonly (readonly [string, Buffer])[]): ParityBody {
  const boundary = random.pick(["XbX", "----edge7MA4YWxk"]);
  const parts = fields.map(([name, value]) => {
    const file = random.chance(30) ? `; filename="${name}.txt"\r\nContent-Type: text/plain` : "";
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), value, Buffer.from("\r\n")]);
  });
  const end = random.chance(90) ? Buffer.from(`--${boundary}--\r\n`) : Buffer.alloc(0);
  return of(`multipart/form-data; boundary=${boundary}`, Buffer.concat([...parts, end]));
}

/** Requests of HTTP as parts. */
function batch(random: Random, fields: readonly (readonly [string, Buffer])[]): ParityBody {
  const parts = fields.map(([name, value]) => {
    const target = `/${name}?a=${percentEncoded(random, value)}`;
    const head = `--XbX\r\nContent-Type: application/http\r\n\r\nPOST ${target} HTTP/1.1\r\nX-A: b\r\n`;
    return Buffer.concat([Buffer.from(`${head}Content-Type: text/plain\r\n\r\n`), value, Buffer.from("\r\n")]);
  });
  return of("multipart/mixed; boundary=XbX", Buffer.concat([...parts, Buffer.from("--XbX--\r\n")]));
}

/** Of protocol buffers: each field a text. */
function message(fields: readonly (readonly [string, Buffer])[]): Buffer {
  const texts = fields.map(([, value]) => value.subarray(0, 127));
  return Buffer.concat(texts.flatMap((text, index) => [Buffer.of(((index + 1) << 3) | 2, text.length), text]));
}
