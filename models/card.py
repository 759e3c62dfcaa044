"""Writes MODEL_CARD.md from what was measured: `python models/card.py` after training and `latency.ts`."""

import argparse
import json
from pathlib import Path

HERE = Path(__file__).parent


def table(title: str, groups: dict, first: str) -> str:
    head = f"### {title}\n\n| {title.split(' by ')[-1]} | {first} | asked of the model | denied | denied by the screen alone |\n| --- | --- | --- | --- | --- |\n"
    rows = [
        f"| {name} | {g[first]} | {percent(g['asked'])} | {percent(g['denied'])} | {percent(g['deniedByScreenAlone'])} |"
        for name, g in groups.items()
    ]
    return head + "\n".join(rows) + "\n"


def groups_table(groups: list[dict]) -> str:
    head = (
        "### Each group held out, by a pair trained on everything else\n\n"
        "| group | attack values | denied | mean over categories | benign requests | asked of the model | denied | benign values | denied | whole files | denied |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    rows = []
    for g in groups:
        attacks, requests = g["attacks"], g["benignRequests"]
        cells = [group_name(g["sources"]), attacks["values"], percent(attacks["denied"]), percent(g["macroDenied"])]
        cells += [requests["requests"], percent(requests["asked"]), percent(requests["denied"])]
        for benign in (g["benignValues"], g["wholeFiles"]):
            cells += [benign["values"], percent(benign["denied"])]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return head + "\n".join(rows) + "\n"


def group_name(sources: list[str]) -> str:
    """Packages are named by the tables by source."""
    lists = [name for name in sources if not name.startswith(("npm:", "pypi:"))]
    return f"{', '.join(lists)}, and {len(sources) - len(lists)} packages"


def clearing_table(rows: list[dict]) -> str:
    head = "| benign requests decided in the filter | clearBelow | of the model's catches lost |\n| --- | --- | --- |\n"
    return head + "".join(f"| {percent(r['decided'])} | {r['clearBelow']} | {percent(r['lost'])} |\n" for r in rows)


def processor(times: dict) -> str:
    return f" ({times['processor']} of the processor)" if "processor" in times else ""


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", default="build/evaluation.json", type=Path)
    parser.add_argument("--latency", default="build/latency.json", type=Path)
    parser.add_argument("--out", default=HERE / "MODEL_CARD.md", type=Path)
    options = parser.parse_args()
    r, latency = json.loads(options.report.read_text()), json.loads(options.latency.read_text())
    attacks, requests, values, files = r["attacks"], r["benignRequests"], r["benignValues"], r["wholeFiles"]
    t = r["thresholds"]
    text = (HERE / "model-card.template.md").read_text()
    fields = {
        "DIGEST": r["digest"],
        "THRESHOLDS": f"clearBelow {t['clearBelow']}, denyAlone {t['denyAlone']}, modelDeny {t['modelDeny']} (millionths)",
        "SECONDS": str(r["seconds"]),
        "GROUPS": groups_table(r["groups"]),
        "SUMMARY": "\n".join(
            [
                f"- Attack values of held-out sources ({attacks['values']}): {percent(attacks['asked'])} reach the model, {percent(attacks['denied'])} are denied; mean over categories {percent(attacks['macroDenied'])}. By the screen alone: {percent(attacks['deniedByScreenAlone'])}.",
                f"- Benign requests of held-out sources ({requests['requests']}), worst value wins: {percent(requests['asked'])} reach the model, {percent(requests['denied'])} are denied wrongly; by the screen alone {percent(requests['deniedByScreenAlone'])}.",
                f"- Benign bare values of held-out sources ({values['values']}: documentation, source code, JSON): {percent(values['denied'])} are denied wrongly; by the screen alone {percent(values['deniedByScreenAlone'])}.",
                f"- Whole files of held-out packages ({files['values']}: source code, shell, documentation of 2.5 to 20 KB): {percent(files['denied'])} are denied wrongly; by the screen alone {percent(files['deniedByScreenAlone'])}.",
                f"- ROC-AUC over values: screen {r['rocAuc']['screen']}, model {r['rocAuc']['model']}.",
            ]
        ),
        "CLEARING": clearing_table(r["clearing"]),
        "DATA": r["dataSha256"],
        "TABLES": "\n".join(
            [
                table("Attacks by category", r["attacksByCategory"], "values"),
                table("Attacks by source", r["attacksBySource"], "values"),
                table("Benign requests by source", r["benignRequestsBySource"], "requests"),
                table("Benign values by source", r["benignValuesBySource"], "values"),
            ]
        ),
        "LATENCY": "\n".join(
            f"- {name}: mean {q['mean']}{processor(q)}, p10 {q['p10']}, p50 {q['p50']}, p99 {q['p99']}"
            for name, q in [
                ("Screen in the compiled core, µs per KiB", latency["screenMicrosPerKibibyte"]),
                ("Model in onnxruntime-web, one thread, one window, ms", latency["modelMillisPerWindow"]),
                ("The same, ms per window in batches of 16", latency["modelMillisPerWindowInBatchesOf16"]),
            ]
        ),
        "PROCESSOR": latency["processor"],
    }
    for name, value in fields.items():
        text = text.replace("{{" + name + "}}", value)
    options.out.write_text(text)


if __name__ == "__main__":
    main()
