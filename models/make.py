"""From the data to the bundle and its card, in one command: `python models/make.py --data DIR` (see README.md)."""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
BUNDLE = ROOT / "models" / "bundle"
MAKERS = "generate", "documents", "mixed", "published"  # of rows beside the data files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the folder of the four data files")
    parser.add_argument("--out", default=BUNDLE, type=Path, help="the bundle's folder")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--processes", default=2, type=int)
    options = parser.parse_args()
    node = ["node", "--import", "tsx"]
    rows = [BUILD / f"{maker}.jsonl" for maker in MAKERS]
    values, latency = BUILD / "values.jsonl", BUILD / "latency.json"
    data = ["--data", options.data.resolve(), *[part for file in rows for part in ("--rows", file)], "--out", values]
    for script, file in zip(MAKERS, rows):
        run(sys.executable, f"models/{script}.py", "--out", file)
    run(*node, "models/extract-values.ts", *data)
    out = options.out.resolve()
    training = ["--seed", options.seed, "--data-sha256", data_sha256(options.data), "--processes", options.processes]
    run(sys.executable, "models/train.py", "--values", values, "--out", out, *training)
    measured = [*node, "models/latency.ts", "--bundle", str(out)]
    latency.write_bytes(subprocess.run(measured, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    card = out / "MODEL_CARD.md" if out != BUNDLE else ROOT / "models" / "MODEL_CARD.md"
    run(sys.executable, "models/card.py", "--out", card)


def data_sha256(folder: Path) -> str:
    """SHA-256 over the SHA-256 and name of each data file, as `sha256sum *.gz | sha256sum` gives it."""
    files = sorted(folder.glob("*.gz"))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
