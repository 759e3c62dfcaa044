"""Source code, shell and documentation out of published packages, as benign rows: `python models/documents.py --out FILE`.

The packages are fetched by npm and pip at the versions named here. Whole files up to MOST_BYTES, paragraphs and lines.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dataset import WHOLE_FILES

# All under licences that allow it: see README.md.
NPM = """
    n@10.2.0 bats@1.13.0 shelljs@0.10.0 zx@8.8.5 spaceship-prompt@4.22.5 pure-prompt@1.28.3 git-extras@0.0.14 lodash@4.18.1
    jquery@4.0.0 express@5.3.0 mocha@12.0.3 bootstrap@5.3.9 marked@18.2.1 handlebars@4.7.10 ejs@7.0.2 pug@3.0.4
    mongoose@9.12.1 knex@3.3.0 sequelize@6.37.8 mysql2@3.24.6 codemirror@5.65.18 tmex@1.0.11 nave@3.5.6 diff-so-fancy@1.4.12
    docsify@5.0.0 sql-formatter@15.9.0 nunjucks@3.2.4 webpack@5.112.2
""".split()
PYPI = """
    django==5.2.19 flask==3.1.3 jinja2==3.1.6 sqlalchemy==2.1.9 requests==2.34.2 fabric==3.2.3 invoke==3.0.3 sh==2.4.0
    thefuck==3.32 httpie==3.2.4 pymongo==4.20.1 awscli==1.46.3 werkzeug==3.1.9
    eg==1.2.3 xonsh==0.25.0 plumbum==2.0.2 sqlglot==30.30.0 pgcli==4.7.1 mycli==2.30.1 pexpect==4.9.0
    virtualenv==21.15.7 jc==1.26.1 argcomplete==3.7.2
""".split()
TEXT = re.compile(
    r"\.(js|cjs|mjs|ts|jsx|tsx|vue|py|rb|pl|php|lua|go|rs|java|c|cpp|cs|ps1|bat|sh|bash|zsh|fish|xsh|bats|nu|md|rst|txt|html|sql|stub"
    r"|css|scss|pug|njk|yaml|yml|toml|ini|conf|dockerfile)$|/(n|bin/\w[\w.-]*|async|prompt_\w+|tmex|Makefile|diff-so-fancy)$",
    re.I,
)
SKIPPED = re.compile(r"\.min\.|\.map$|LICENSE|license|locale/|\.dist-info/|3rd-party|vendor/unicode|/data/|addon/|lib/codemirror")
MOST_BYTES = 2500
OF_PACKAGE = 500  # rows at most
WHOLE_BYTES, WHOLE_OF_PACKAGE = 20000, 40  # of larger files that are rows of their own
OF_DOCUMENTATION = 1800  # of awscli, whose examples are command lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/documents.jsonl", type=Path)
    parser.add_argument("--packages", default="build/packages", type=Path, help="where they are kept")
    options = parser.parse_args()
    options.packages.mkdir(parents=True, exist_ok=True)
    fetch(options.packages)
    with options.out.open("w", encoding="utf-8") as lines:
        for package in [*(f"npm {name}" for name in NPM), *(f"pypi {name}" for name in PYPI)]:
            name = re.split(r"[ @=]+", package)[1]
            most = OF_DOCUMENTATION if name == "awscli" else OF_PACKAGE
            texts, r, source = list(files(options.packages, name)), random.Random(package), package.replace(" ", ":")
            rows = [(source, text) for text in pieces(r, texts, most)]
            rows += [(source + WHOLE_FILES, text) for text in whole(r, texts)]
            for number, (source, text) in enumerate(rows):
                row = {"id": f"{name}-{number}", "source": source, "label": "benign"}
                row |= {"category": "benign", "subtype": "document", "kind": "payload", "payload": text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def fetch(folder: Path) -> None:
    have = [path.name for path in folder.iterdir()]
    npm = [name for name in NPM if f"{name.replace('@', '-')}.tgz" not in have]
    pypi = [name for name in PYPI if not any(path.startswith(name.replace("==", "-") + "-") for path in have)]
    if npm:
        subprocess.run(["npm", "pack", "--silent", *npm], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    if pypi:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--prefer-binary"]
        subprocess.run([*pip, "--dest", folder, *pypi], check=True)


def files(folder: Path, name: str) -> Iterator[str]:
    (archive,) = [path for path in folder.iterdir() if re.match(rf"{re.escape(name)}-\d", path.name)]
    if archive.suffix in (".tgz", ".gz"):
        with tarfile.open(archive) as opened:
            for member in sorted(opened.getmembers(), key=lambda m: m.name):
                if member.isfile() and wanted(member.name):
                    yield opened.extractfile(member).read().decode("utf-8", "replace")
    else:
        with zipfile.ZipFile(archive) as opened:
            for member in sorted(opened.namelist()):
                if wanted(member):
                    yield opened.read(member).decode("utf-8", "replace")


def wanted(path: str) -> bool:
    return bool(TEXT.search(path)) and not SKIPPED.search(path)


def pieces(r: random.Random, texts: list[str], most: int) -> list[str]:
    """Whole small files, and of larger ones runs of lines: a long one, a function or paragraph, a line or two."""
    out: list[str] = []
    for text in texts:
        lines = text.split("\n")
        if len(text) <= MOST_BYTES:
            out.append(text)
        for _ in range(min(6, 1 + len(lines) // 60)):
            for size in (r.randint(30, 80), r.randint(8, 30), r.randint(1, 3)):
                start = r.randint(0, max(0, len(lines) - size))
                out.append("\n".join(lines[start : start + size])[:MOST_BYTES])
    out = list(dict.fromkeys(text.strip() for text in out if len(text.strip()) > 3))
    return out if len(out) <= most else r.sample(out, most)


def whole(r: random.Random, texts: list[str]) -> list[str]:
    large = [text for text in dict.fromkeys(texts) if MOST_BYTES < len(text) <= WHOLE_BYTES]
    return large if len(large) <= WHOLE_OF_PACKAGE else r.sample(large, WHOLE_OF_PACKAGE)


if __name__ == "__main__":
    main()
