import { readFile } from "node:fs/promises";

export interface Asset {
  readonly type: string;
  readonly body: string;
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Postern: decisions</title>
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.mjs"></script>
</head>
<body>
<header>
<h1>Postern</h1>
<p id="connection" role="status">Connecting …</p>
</header>
<p id="alert" role="alert" hidden></p>
<main>
<section aria-labelledby="counts-heading">
<h2 id="counts-heading">Since the sidecar's start</h2>
<dl id="effects"></dl>
<h3>By reason</h3>
<dl id="reasons"></dl>
</section>
<section id="routes-section" aria-labelledby="routes-heading" hidden>
<h2 id="routes-heading">Routes on the ladder</h2>
<table>
<thead><tr><th scope="col">Route</th><th scope="col">Rung</th><th scope="col">Evidence for the next</th><th scope="col">Self-test</th></tr></thead>
<tbody id="routes"></tbody>
</table>
</section>
<section aria-labelledby="decisions-heading">
<h2 id="decisions-heading">Decisions, newest first</h2>
<p id="filters">
<label><input type="checkbox" id="only-denied"> only denied, or denied on a higher rung</label>
<label><input type="checkbox" id="paused"> pause</label>
</p>
<p id="empty">No decision yet. Send a request through the gateway.</p>
<ol id="decisions"></ol>
</section>
</main>
<noscript><p>This page shows live decisions and needs its script.</p></noscript>
</body>
</html>
`;

/** The page's files by path; style and script lie beside this module. */
export async function pageAssets(folder: URL): Promise<ReadonlyMap<string, Asset>> {
  const [style, script] = await Promise.all(
    ["page.css", "page.mjs"].map((name) => readFile(new URL(name, folder), "utf8")),
  );
  return new Map([
    ["/", { type: "text/html; charset=utf-8", body: HTML }],
    ["/page.css", { type: "text/css; charset=utf-8", body: style ?? "" }],
    ["/page.mjs", { type: "text/javascript; charset=utf-8", body: script ?? "" }],
  ]);
}
