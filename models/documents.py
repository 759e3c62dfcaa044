"""Source code, scripts, configuration and documentation out of published packages, as benign rows:
`python models/documents.py --out FILE`.

The packages are fetched by npm and pip at the versions named here. Whole files up to MOST_BYTES, paragraphs and lines.
"""

import argparse
import random
import re
from collections.abc import Iterator
from pathlib import Path

from packages import WHOLE_FILES, fetch, files, name_of, payload, write

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
# Of these what scripts, builds, configures or documents a system.
SYSTEM_NPM = """
    neofetch@7.1.0 mup@1.5.11 strike@0.1.73 djo-shell@1.7.0 sanctuary-scripts@7.0.0 node-linux@0.1.12
    exiftool.pl@10.53.0 app-builder-lib@26.17.0 generator-jhipster@9.4.0 dockerfilelint@1.8.0
    node-rdkafka@3.6.1 ffi-napi@4.0.3
""".split()
SYSTEM_PYPI = """
    diskimage-builder==3.43.0 kolla==23.0.0 exabgp==5.0.15 monasca-agent==10.0.0 trove==26.0.0
""".split()
# Whose wheels leave these files out.
SYSTEM_SDISTS = """
    octavia==19.0.0 ironic==39.0.0 kolla-ansible==19.8.0 pygments==2.21.0 certbot-apache==1.32.0 certbot-nginx==1.32.0
    faucet==1.10.12 graphite-web==1.1.10 carbon==1.1.10 supervisor==4.3.0
""".split()
TEXT = re.compile(
    r"\.(js|cjs|mjs|ts|jsx|tsx|vue|py|rb|pl|php|lua|go|rs|java|c|cpp|cs|ps1|bat|sh|bash|zsh|fish|xsh|bats|nu|md|rst|txt|html|sql|stub"
    r"|css|scss|pug|njk|yaml|yml|toml|ini|conf|dockerfile)$|/(n|bin/\w[\w.-]*|async|prompt_\w+|tmex|Makefile|diff-so-fancy)$",
    re.I,
)
SKIPPED = re.compile(r"\.min\.|\.map$|LICENSE|license|locale/|\.dist-info/|3rd-party|vendor/unicode|/data/|addon/|lib/codemirror")
# Of a system: no code in a language of its own, no data.
NO_SYSTEM = re.compile(
    r"\.(py|pyc|js|mjs|ts|map|json|svg|po|pot|pem|crt|key|html|css|scss|less|java|ejs|output|lock|csv|gif|png|nsh|nsi|scala|cs|c|h|cc|cpp|inc|s|exp|vcxproj)$"
    r"|/(egg-info|releasenotes|METADATA|RECORD|AUTHORS|ChangeLog|PKG-INFO)|\.dist-info/|\.egg-info/|LICEN[SC]E|api-ref/|Geolocation|/lang/",
    re.I,
)
MOST_BYTES = 2500
OF_PACKAGE = 500  # rows at most
SINGLE_LINES, MOST_OF_LINE = 80, 160  # of a package that is no system's, and characters
WHOLE_BYTES, WHOLE_OF_PACKAGE = 20000, 40  # of larger files that are rows of their own
OF_DOCUMENTATION = 1800  # of awscli, whose examples are command lines
OF_SYSTEM, WHOLE_OF_SYSTEM, WHOLE_SYSTEM_BYTES = 1200, 120, 40000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/documents.jsonl", type=Path)
    parser.add_argument("--packages", default="build/packages", type=Path, help="where they are kept")
    options = parser.parse_args()
    fetch(options.packages, NPM + SYSTEM_NPM, PYPI + SYSTEM_PYPI, SYSTEM_SDISTS)
    npm, pypi = NPM + SYSTEM_NPM, PYPI + SYSTEM_PYPI + SYSTEM_SDISTS
    write(options.out, npm, pypi, lambda registry, package: rows_of(options.packages, registry, package))


def rows_of(folder: Path, registry: str, package: str) -> Iterator[dict]:
    system = package in SYSTEM_NPM + SYSTEM_PYPI + SYSTEM_SDISTS
    r = random.Random(f"{registry} {package}")
    texts = [text for _, text in files(folder, package, of_system if system else wanted) if "\0" not in text]
    most = OF_SYSTEM if system else OF_DOCUMENTATION if name_of(package) == "awscli" else OF_PACKAGE
    rows = [("", text) for text in pieces(r, texts, most, 40 if system else 6)]
    if not system:
        rows += [("", text) for text in single_lines(r, texts)]
    rows += [(WHOLE_FILES, text) for text in whole(r, texts, system)]
    for end, text in rows:
        yield payload(registry, package, end, text, "system" if system else "document")


def wanted(path: str) -> bool:
    return bool(TEXT.search(path)) and not SKIPPED.search(path)


def of_system(path: str) -> bool:
    return not path.endswith("/") and not NO_SYSTEM.search(path)


def pieces(r: random.Random, texts: list[str], most: int, of_text: int) -> list[str]:
    """Whole small files, and of larger ones runs of lines: a long one, a function or paragraph, a line or two."""
    out: list[str] = []
    for text in texts:
        lines = text.split("\n")
        if len(text) <= MOST_BYTES:
            out.append(text)
        for _ in range(min(of_text, 1 + len(lines) // 60)):
            for size in (r.randint(30, 80), r.randint(8, 30), r.randint(1, 3)):
                start = r.randint(0, max(0, len(lines) - size))
                out.append("\n".join(lines[start : start + size])[:MOST_BYTES])
    out = list(dict.fromkeys(text.strip() for text in out if len(text.strip()) > 3))
    return at_most(r, out, most)


def single_lines(r: random.Random, texts: list[str]) -> list[str]:
    """Lines as they stand, indented and with their ends, as notebooks and traces send them one by one."""
    out = list(dict.fromkeys(line for text in texts for line in text.split("\n") if 3 < len(line.strip()) < MOST_OF_LINE))
    return [f"{line}\n" for line in at_most(r, out, SINGLE_LINES)]


def whole(r: random.Random, texts: list[str], system: bool) -> list[str]:
    longest, most = (WHOLE_SYSTEM_BYTES, WHOLE_OF_SYSTEM) if system else (WHOLE_BYTES, WHOLE_OF_PACKAGE)
    large = [text for text in dict.fromkeys(texts) if MOST_BYTES < len(text) <= longest]
    return at_most(r, large, most)


def at_most(r: random.Random, texts: list[str], most: int) -> list[str]:
    return texts if len(texts) <= most else r.sample(texts, most)


if __name__ == "__main__":
    main()
