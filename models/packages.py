"""Published packages: fetched by npm and pip at the versions named, and the text files in them."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path


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
    words = re.split(r"[-_./]+", name_of(package).lstrip("@"))
    stem = re.compile(rf"{'[-_.]'.join(words)}-\d", re.I)
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
