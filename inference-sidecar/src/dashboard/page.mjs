// In the browser. Every text here may come from an attacker's request: it is set as textContent, nothing else.
const SHOWN_MOST = 500;

const connection = document.getElementById("connection");
const alertLine = document.getElementById("alert");
const list = document.getElementById("decisions");
const empty = document.getElementById("empty");
const onlyDenied = document.getElementById("only-denied");
const paused = document.getElementById("paused");

/** Decisions that came while the list was paused. */
let waiting = [];

const events = new EventSource("/events");
events.addEventListener("open", () => {
  // A new connection tells everything that is remembered again.
  list.replaceChildren();
  waiting = [];
  connection.textContent = "Live";
});
events.addEventListener("error", () => {
  // An answer that is no stream (the cookie is of a token before, or too many watch) ends it for good.
  connection.textContent =
    events.readyState === EventSource.CLOSED
      ? "Not live any more: open the URL with its token, as printed when the gateway started. At most eight pages can be live."
      : "The sidecar does not answer; trying again …";
});
events.addEventListener("message", ({ data }) => {
  const { counts, decisions, alert } = JSON.parse(data);
  alertLine.textContent = alert;
  alertLine.hidden = alert === "";
  showCounts(document.getElementById("effects"), { total: counts.total, ...counts.byEffect });
  showCounts(document.getElementById("reasons"), counts.byReason);
  waiting = [...waiting, ...decisions].slice(-SHOWN_MOST);
  if (!paused.checked) showWaiting();
});
events.addEventListener("routes", ({ data }) => {
  const rows = JSON.parse(data).map(routeRow);
  document.getElementById("routes").replaceChildren(...rows);
  document.getElementById("routes-section").hidden = rows.length === 0;
});
paused.addEventListener("change", () => {
  if (!paused.checked) showWaiting();
});
onlyDenied.addEventListener("change", () => {
  list.classList.toggle("only-denied", onlyDenied.checked);
});

function showWaiting() {
  for (const decision of waiting) {
    // Known already: its stream has ended since.
    const before = document.getElementById(decision.record.id);
    if (before === null) list.prepend(entry(decision));
    else before.replaceWith(entry(decision));
  }
  waiting = [];
  while (list.childElementCount > SHOWN_MOST) list.lastElementChild.remove();
  empty.hidden = list.childElementCount > 0;
}

function showCounts(target, counts) {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  target.replaceChildren(
    ...sorted.map(([name, count]) =>
      element("div", "", [element("dt", "", [name]), element("dd", "", [String(count)])]),
    ),
  );
}

function routeRow({ route, rung, proposed, pinned, canary, claim, selfTest }) {
  const standing = [rung, pinned ? "pinned" : "", proposed === null ? "" : `${proposed} is proposed`];
  const cells = [
    element("th", "", [route]),
    element("td", "", [standing.filter((part) => part !== "").join(", ")]),
    element("td", "", [claim === null ? "at its ceiling" : `${canary ? "canary of " : ""}${inWords(claim)}`]),
    element("td", selfTest === "proved" ? "proved" : "unproved", [selfTest]),
  ];
  cells[0].scope = "row";
  return element("tr", "", cells);
}

function inWords({ rung, requests, falsePositives, upperBound, budget, days, daysNeeded }) {
  const percent = (share, round = Math.round) => {
    const digits = share < 0.01 ? 3 : 1;
    const scale = 10 ** digits;
    return `${(round(share * 100 * scale) / scale).toFixed(digits)} %`;
  };
  return `${rung}: ${falsePositives} of ${requests} count as false, at most ${percent(upperBound, Math.ceil)} (needed: below ${percent(budget)}), ${days} of ${daysNeeded} days`;
}

function entry({ record, why }) {
  const outcome = record.effect === "permit" && record.wouldDeny !== null ? "would-deny" : record.effect;
  const time = element("time", "", [new Date(record.time).toLocaleTimeString()]);
  time.dateTime = record.time;
  const summary = element("summary", "", [
    time,
    element("strong", "outcome", [record.effect]),
    element("span", "reason", [record.wouldDeny === null ? record.reason : `would deny: ${record.wouldDeny}`]),
    element("span", "request", [
      `${record.method} ${record.route || "no route"} → ${record.response === null ? "…" : record.response.status || "ended"}`,
    ]),
    element("span", "finding", [record.score.finding === null ? "" : record.score.finding.field]),
  ]);
  const reasons = why.map((sentence) => element("li", "", [sentence]));
  const id = element("p", "id", [`Decision ${record.id} of ${record.time}`]);
  const item = element("li", outcome === "permit" ? "permit" : `denied ${outcome}`, [
    element("details", "", [summary, element("ul", "why", reasons), id]),
  ]);
  item.id = record.id;
  return item;
}

/** A string child becomes text, never markup. */
function element(name, className, children) {
  const node = document.createElement(name);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}
