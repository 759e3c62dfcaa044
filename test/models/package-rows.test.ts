import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("package_rows.py", import.meta.url));

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

it("of a package its examples, messages and recordings are sent as its users would, its files as rows, and nothing that looks like an attack", async () => {
  const folder = await mkdtemp(join(tmpdir(), "postern-package-"));
  try {
    const { stdout } = await promisify(execFile)("python3", [script, folder]);
    const made = JSON.parse(stdout) as {
      requests: Sent[];
      texts: { source: string; payload: string }[];
      same: boolean;
    };
    assert.ok(made.same, "one package gives one set of rows");
    const sent = (text: string) => made.requests.filter(({ path, body }) => path.includes(text) || body.includes(text));
    assert.ok(sent("A-17").length > 0);
    assert.ok(sent("Enregistrer").length > 0);
    assert.deepEqual(sent("left out").concat(sent("UNION")), []);
    const [recorded] = made.requests.filter(({ path }) => path === "/v1/search?page=2");
    assert.equal(recorded?.method, "POST");
    assert.equal(recorded?.body, "q=caf%C3%A9");
    assert.equal(recorded?.headers.Host, "api.example.com");
    for (const { path } of made.requests) assert.match(path, /^\/[\x21-\x7e]*$/);
    const texts = made.texts.map(({ payload }) => payload);
    assert.ok(texts.some((text) => text.startsWith("<!doctype html>")));
    assert.ok(texts.includes("settings.ini"));
    assert.ok(!texts.some((text) => text.includes("UNION")));
    assert.ok(made.texts.every(({ source }) => source.startsWith("npm:@made/up@1.2.3")));
  } finally {
    await rm(folder, { recursive: true });
  }
});
