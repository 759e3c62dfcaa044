import { UsageError } from "./usage-error.ts";

/** An origin and nothing else: no user, path, query or fragment. @throws UsageError */
export function parseUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (!url || !isHttp || url.href !== `${url.origin}/`) {
    throw new UsageError("--upstream URL: write an origin such as http://127.0.0.1:3000, without a path.");
  }
  return url;
}
