"""Published packages: fetched by npm and pip at the versions named, the text files in them, and rows made of them."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

WHOLE_FILES = " files"  # ends the source of a row that is a whole file of a package


def fetch(folder: Path, npm: list[str], pypi: list[str], sdists: list[str]) -> None:
    """What `folder` has no archive of yet: `name@version` of npm, `name==version` of PyPI, the latter's sources for `sdists`."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [package for package in npm if not archives(folder, package)]
    if missing:
        subprocess.run(["npm", "pack", "--silent", *missing], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python", "--dest", folder]
    for packages, form in ((pypi, "--prefer-binary"), (sdists, "--no-binary=:all:")):
        missing = [package for package in packages if not archives(folder, package)]
        if missing:
            subprocess.run([*pip, form, *missing], check=True)


def name_of(package: str) -> str:
    """`@scope/name` of `@scope/name@1.2.3`, `name` of `name==1.2.3`."""
    return re.split(r"(?<=.)@|==", package)[0]


def archives(folder: Path, package: str) -> list[Path]:
    name, version = re.split(r"(?<=.)@|==", package)
    words = re.split(r"[-_./]+", name.lstrip("@"))
    stem = re.compile(rf"{'[-_.]'.join(words)}-{re.escape(version)}[-.][a-z]", re.I)
    return [path for path in folder.iterdir() if stem.match(path.name)]


def files(folder: Path, package: str, chosen: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Path within the archive and text, in the order of the paths."""
    (archive,) = archives(folder, package)
    if archive.suffix in (".tgz", ".gz"):
        with tarfile.open(archive) as opened:
            for member in sorted(opened.getmembers(), key=lambda m: m.name):
                if member.isfile() and chosen(member.name):
                    yield member.name, opened.extractfile(member).read().decode("utf-8", "replace")
    else:
        with zipfile.ZipFile(archive) as opened:
            for member in sorted(opened.namelist()):
                if chosen(member):
                    yield member, opened.read(member).decode("utf-8", "replace")


def payload(registry: str, package: str, end: str, text: str, subtype: str) -> dict:
    """A benign value of its own; `end`: what its source ends with (`WHOLE_FILES` or nothing)."""
    return {"source": f"{registry}:{package}{end}", "subtype": subtype, "kind": "payload", "payload": text}


def write(out: Path, npm: list[str], pypi: list[str], rows_of: Callable[[str, str], Iterable[dict]]) -> None:
    """JSON lines of benign rows (docs/model.md); `rows_of` a registry and a package gives all but id, label and category."""
    with out.open("w", encoding="utf-8") as lines:
        for registry, package in [("npm", p) for p in npm] + [("pypi", p) for p in pypi]:
            for number, row in enumerate(rows_of(registry, package)):
                row = {"id": f"{name_of(package)}-{number}", "label": "benign", "category": "benign"} | row
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
