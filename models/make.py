"""From the data to the bundle and its card, in one command: `python models/make.py --data DIR` (see README.md)."""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the folder of the four data files")
    parser.add_argument("--processes", default=2, type=int)
    options = parser.parse_args()
    node = ["node", "--import", "tsx"]
    generated, documents = BUILD / "generated.jsonl", BUILD / "documents.jsonl"
    values, latency = BUILD / "values.jsonl", BUILD / "latency.json"
    data = ["--data", options.data.resolve(), "--rows", generated, "--rows", documents, "--out", values]
    run(sys.executable, "models/generate.py", "--out", generated)
    run(sys.executable, "models/documents.py", "--out", documents)
    run(*node, "models/extract-values.ts", *data)
    run(sys.executable, "models/train.py", "--values", values, "--processes", options.processes)
    latency.write_bytes(subprocess.run([*node, "models/latency.ts"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    run(sys.executable, "models/card.py")


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
