import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { ATTACK_CLASSES } from "../../inference-sidecar/src/bundle.ts";

const folder = new URL("../../models/grammars/", import.meta.url);
const MARK = /~([^~\s]+)~/g;
const NUMBERS = /^\d+-\d+$/;

/** Rules and what they refer to. @throws Error a line that is neither a rule, an alternative nor a comment */
function rulesOf(text: string, file: string): Map<string, string[]> {
  const rules = new Map<string, string[]>();
  let references: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("# ")) continue;
    const name = /^(\w+)(?: words)?:$/.exec(line)?.[1];
    if (name) {
      references = rules.get(name) ?? [];
      rules.set(name, references);
    } else {
      if (!line.startsWith("  ")) throw new Error(`${file}: ${line}`);
      references.push(...[...line.matchAll(MARK)].map((found) => found[1] as string));
    }
  }
  return rules;
}

async function grammars(label: string): Promise<Map<string, Map<string, string[]>>> {
  const common = rulesOf(await readFile(new URL("common.txt", folder), "utf8"), "common.txt");
  const found = new Map<string, Map<string, string[]>>();
  for (const file of (await readdir(new URL(`${label}/`, folder))).sort()) {
    const name = file.split(".")[0] as string;
    const rules = found.get(name) ?? new Map(common);
    for (const [rule, marks] of rulesOf(await readFile(new URL(`${label}/${file}`, folder), "utf8"), file))
      rules.set(rule, [...(rules.get(rule) ?? []), ...marks]);
    found.set(name, rules);
  }
  return found;
}

describe("the grammars of the training values", () => {
  for (const label of ["attack", "benign"]) {
    it(`refer to rules that are there, and use all they have (${label})`, async () => {
      const common = rulesOf(await readFile(new URL("common.txt", folder), "utf8"), "common.txt");
      for (const [name, rules] of await grammars(label)) {
        const used = new Set(["start", ...common.keys()]);
        for (const marks of rules.values()) {
          for (const mark of marks) {
            if (mark.startsWith("=") || NUMBERS.test(mark)) continue;
            const rule = mark.split("#")[0]?.split("*")[0] ?? "";
            if (NUMBERS.test(rule)) continue;
            assert.ok(rules.has(rule), `${label}/${name}: no rule ${rule}`);
            used.add(rule);
          }
        }
        assert.ok(rules.has("start"), `${label}/${name}`);
        assert.deepEqual(
          [...rules.keys()].filter((rule) => !used.has(rule)),
          [],
          `${label}/${name}: never used`,
        );
      }
    });
  }

  it("have one for every class of attack that the model knows", async () => {
    const names = new Set((await grammars("attack")).keys());
    const classes = ATTACK_CLASSES.filter((name) => name !== "benign").map((name) => name.replaceAll("_", "-"));
    assert.deepEqual(
      classes.filter((name) => !names.has(name)),
      [],
    );
  });
});
