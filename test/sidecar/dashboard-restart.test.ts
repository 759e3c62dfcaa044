import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { freePort } from "../harness/free-port.ts";
import { startSidecar, temporaryFolder, token } from "./harness.ts";

const CHROMIUM = "/usr/bin/chromium";

test("a page goes on when the sidecar is started anew, and says so where it can't", async (t) => {
  if (!existsSync(CHROMIUM)) return t.skip("no Chromium on this machine");
  const state = await temporaryFolder();
  const port = await freePort();
  const start = async (secret: string) => {
    const sidecar = await startSidecar({ state, dashboard: { port, token: secret } });
    await sidecar.event("listening");
    return sidecar;
  };
  let sidecar = await start(token);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  t.after(async () => {
    await browser.close();
    await sidecar.stop();
    await rm(state, { recursive: true, force: true });
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/?token=${token}`);
  const says = (text: string) => page.locator("#connection", { hasText: text }).waitFor({ timeout: 20_000 });
  await says("Live");

  await sidecar.stop();
  await says("does not answer; trying again");
  sidecar = await start(token);
  await says("Live");

  await sidecar.stop();
  sidecar = await start(`another-${token}`);
  await says("Not live any more: open the URL with its token");
  assert.equal((await page.reload())?.status(), 401);
});
