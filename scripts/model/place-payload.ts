import { createHash } from "node:crypto";
import type { CoreRequest } from "../core.ts";
import { percentEncoded } from "./request-of.ts";

type Headers = readonly (readonly [string, string])[];

const AUTHORITY = "shop.example";
const browser: Headers = [
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en-US,en;q=0.5"],
  ["accept-encoding", "gzip, deflate, br"],
];

const places = [query, form, json];

/**
 * A request that carries a bare payload: the same for both labels, and chosen by the payload's digest alone, so that
 * nothing but the payload tells them apart.
 * @param asPath the payload is a whole path with its query, and stands as it is
 */
export function placePayload(payload: Uint8Array, asPath: boolean): CoreRequest {
  if (asPath) return get(percentEncoded(`/${Buffer.from(payload).toString("latin1").replace(/^\/+/, "")}`));
  const [chosen = 0] = createHash("sha256").update(payload).digest();
  const place = places[chosen % places.length] ?? query;
  return place(payload);
}

function query(payload: Uint8Array): CoreRequest {
  return get(`/search?q=${formEncoded(payload)}&page=1`);
}

function form(payload: Uint8Array): CoreRequest {
  return post("application/x-www-form-urlencoded", Buffer.from(`author=Kim&note=${formEncoded(payload)}`));
}

function json(payload: Uint8Array): CoreRequest {
  return post(
    "application/json",
    Buffer.from(JSON.stringify({ author: "Kim", note: Buffer.from(payload).toString() })),
  );
}

function get(path: string): CoreRequest {
  return { method: "GET", authority: AUTHORITY, path, headers: browser };
}

function post(type: string, body: Uint8Array): CoreRequest {
  const headers: Headers = [...browser, ["content-type", type], ["content-length", String(body.length)]];
  return { method: "POST", authority: AUTHORITY, path: "/comments", headers, body };
}

/** As a browser encodes a form, byte by byte. */
function formEncoded(payload: Uint8Array): string {
  return [...payload]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9*._-]/.test(character)) return character;
      return byte === 0x20 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
