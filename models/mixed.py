"""Packages with files of many kinds: whole files as editors, pastes and uploads send them, runs of their lines, the values of
JSON and XML, and names of files, as benign rows: `python models/mixed.py --out FILE`.

The packages are fetched by npm and pip at the versions named here. Kinds are told by the names' endings and are evened out, so that no package is its main language only.
"""

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from clean import SENSITIVE_FILE
from packages import WHOLE_FILES, fetch, files, payload, write

# All under licences that allow it: see README.md.
NPM = """
    blueimp-file-upload@10.32.0 bower@1.8.14 @capacitor/ios@8.5.2 cordova-android@15.1.0 cordova-ios@8.1.1
    dockerfile-ast@0.7.1 ember-cli@7.3.0 expo-camera@57.0.6 @f5devcentral/f5-cloud-libs@4.30.0 fengari@0.1.5
    foundation-emails@2.5.1 foundation-sites@6.9.0 generator-code@1.12.0 generator-feathers@4.7.0 generator-node@2.9.0
    gitbook@3.2.3 hexo-theme-landscape@1.1.0 hogan.js@3.0.2 html5-boilerplate@9.0.1 keystone@4.2.1 @lando/php@1.11.1
    latex.js@0.12.6 less@4.9.1 liquidjs@10.30.1 @loopback/cli@7.0.17 markdownlint@0.42.1 nearley@2.20.1 node-gyp@13.1.0
    pm2-deploy@1.0.2 prismjs@1.30.0 reveal.js@6.0.2 sails-generate@2.0.13 sqlite3@6.0.1 startbootstrap-sb-admin-2@4.1.4
    swig-templates@2.0.3 windows-build-tools@5.2.2
""".split()
SDISTS = """
    chameleon==4.6.0 bashate==2.1.1 bcbio-nextgen==1.1.5 ccm==3.1.5 charmhelpers==1.2.1 cookiecutter==2.7.1 crossplane==0.5.8
    csvkit==2.2.0 drain3==0.9.11 instack-undercloud==9.5.1 lark==1.3.1 lizard==1.24.3
    logparser3==1.0.4 loguru==0.7.3 magnum==23.0.0 mako==1.4.3 meson==1.12.1 mezzanine==6.1.1 molecule==26.10.0
    myst-parser==5.2.0 nbconvert==7.17.2 newspaper3k==0.2.8 nikola==8.3.3 nodepool==11.0.0
    ntc-templates==9.3.0 patroni==4.1.5 platformio==6.2.0 powerline-status==2.7 pygrok==1.0.0 robotframework==7.5
    roundup==2.6.0 rst2pdf==0.105 sahara==19.0.0 salt==3008.5 senlin==16.0.0 shandy-sqlfmt==0.32.0 teuthology==1.3.0
    tripleo-ansible==6.0.0 unidiff==1.0.1 virtualenvwrapper==6.1.1 whatthepatch==1.0.7 zuul==14.3.0
    edalize==0.6.8 fusesoc==2.4.7 gpxpy==1.6.2 nbsphinx==0.9.8 openapi-spec-validator==0.9.0
    python-docx==1.2.0 spdx-tools==0.8.5 xmlschema==4.3.2 zeep==4.3.3
""".split()
NO_TEXT = re.compile(
    r"\.(map|lock|png|jpe?g|gif|ico|webp|woff2?|[to]tf|eot|pyc|mo|po|pot|t?gz|zip|bz2|xz|jar|class|so|dll|exe|wasm|bin|pdf|db|sqlite3?|pem|crt"
    r"|key|cert|asc|gpg|der|p12|jks|uuid|md5|sha1|sha256|sha512|air|swiftdoc|node|mp[34])$|[.]min[.]|LICEN[SC]E|COPYING|PKG-INFO|AUTHORS"
    r"|(egg|dist)-info/|package-lock|node_modules/|_?vendor(ed)?/|3rd-party|/locale/|__pycache__|zuul/ansible/",
    re.I,
)
# Samples of attacks, their descriptions, and what stands in attacks and in few honest files.
OF_ATTACKS = re.compile(r"xss|injecti|exploit|vulnerab|CVE-|malicious|sanitiz|fuzz|security", re.I)
IN_ATTACKS = re.compile(
    r"169\.254\.169\.254|/etc/(passwd|shadow|sudoers)|\.ssh/|\.\./\.\./\.\./|/dev/tcp/|<!ENTITY[^>]*\b(SYSTEM|PUBLIC)\b|<!ENTITY[^>]*(&\w+;){2}"
    r"|\$\{jndi|__proto__|alert\(|onerror|document\.cookie|union\s+(all\s+)?select|[{;][sa]:\d+:[\"{]|\\r\\n[\w-]+:",
    re.I,
)
# Values of their own that attacks look like: single commands, files of systems, addresses within, tags of templates.
LIKE_ATTACKS = re.compile(
    r"(^|[;|&`(]\s*)(sudo|cat|cp|curl|wget|bash|sh|nc|rm|chmod|chown|sed|git|python3?|perl|php|ls|id|echo|sleep|ping|whoami)\b"
    r"|^(file:/|[\"']?/)|//(localhost|[\w-]+[:/]|127\.|10\.|172\.|192\.168)|\{\{|\{%|<%|`",
    re.I,
)
ASKED_FOR = re.compile(r"\.(bak|old|swp|orig|mdb|env)\b|secret|credential|passw|backup|dump|^\.(ht|env|git$|aws|ssh)", re.I)
BYTES = range(80, 32769)  # of a file
FEW_ENTITIES = 400  # bytes of a file below which entities are what it is about
LEAST_PIECE, PIECE_BYTES = 60, 2500  # of a run of lines; a whole file of more is `WHOLE_FILES`
OF_ENDING = 20  # files of one ending
WHOLE, PIECES, VALUES, NAMES = 100, 70, 45, 35  # rows of a package, at most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/mixed.jsonl", type=Path)
    parser.add_argument("--packages", default="build/packages", type=Path, help="where they are kept")
    options = parser.parse_args()
    fetch(options.packages, NPM, [], SDISTS)
    write(options.out, NPM, SDISTS, lambda registry, package: rows_of(options.packages, registry, package))


def rows_of(folder: Path, registry: str, package: str) -> Iterator[dict]:
    r = random.Random(f"{registry} {package}")
    return (payload(registry, package, end, text, "system") for end, text in texts_of(folder, package, r))


def texts_of(folder: Path, package: str, r: random.Random) -> Iterator[tuple[str, str]]:
    """Pairs of what its source ends with and the text."""
    everything = [(path, text) for path, text in files(folder, package, of_text) if honest(text)]
    chosen = evened(r, everything)
    whole = chosen[:WHOLE]
    yield from ((WHOLE_FILES if len(text) > PIECE_BYTES else "", text) for _, text in whole)
    yield from (("", text) for text in runs(r, [text for _, text in chosen])[:PIECES])
    yield from (("", text) for text in sample(r, values(everything), VALUES))
    names = (path.rsplit("/", 1)[-1] for path, _ in everything)
    yield from (("", name) for name in sample(r, (n for n in names if not asked_for(n)), NAMES))


def of_text(path: str) -> bool:
    return not path.endswith("/") and not NO_TEXT.search(path) and not OF_ATTACKS.search(path)


def honest(text: str) -> bool:
    if len(text) not in BYTES or re.search("[\0\ufffd]", text) or IN_ATTACKS.search(text):
        return False
    return len(text) > FEW_ENTITIES or "<!ENTITY" not in text


def asked_for(name: str) -> bool:
    """Names that scanners and traversals ask for, whoever else has such files."""
    return bool(ASKED_FOR.search(name) or SENSITIVE_FILE.search(name.encode()))


def evened(r: random.Random, everything: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most OF_ENDING files of one ending, different ones, each ending's first before any other's second."""
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, text in {text: (path, text) for path, text in everything}.values():
        kinds[ending(path)].append((path, text))
    few = [list(enumerate(r.sample(found, min(len(found), OF_ENDING)))) for found in kinds.values()]
    return [file for _, file in sorted((file for found in few for file in found), key=lambda numbered: numbered[0])]


def ending(path: str) -> str:
    """`yml`; of names without a dot, or with one in front, all of it: `makefile`, `.gitignore`."""
    name = path.rsplit("/", 1)[-1].lower()
    return name.rsplit(".", 1)[1] if "." in name[1:] else name


def runs(r: random.Random, texts: list[str]) -> list[str]:
    """Of each text of more than a few lines a function or paragraph: 6 to 60 lines."""
    out = []
    for text in texts:
        lines = text.split("\n")
        size = r.randint(6, 60)
        if len(lines) > 12:
            start = r.randint(0, max(0, len(lines) - size))
            out.append("\n".join(lines[start : start + size])[:PIECE_BYTES])
    return [text for text in out if len(text.strip()) > LEAST_PIECE]


def values(everything: list[tuple[str, str]]) -> list[str]:
    """What the filter sees of JSON and XML: each value of its own. Words alone are left out, and what attacks look like."""
    out = []
    for path, text in everything:
        if not path.endswith("package.json"):
            out += [value.strip() for value in (of_json(text) if text.lstrip()[:1] in "{[" else of_xml(text))]
    return [v for v in out if 3 < len(v) < 400 and re.search(r"[^\w\s.,-]", v) and not LIKE_ATTACKS.search(v)]


def of_json(text: str) -> list[str]:
    try:
        found = [json.loads(text)]
    except ValueError:
        return []
    out = []
    while found:
        value = found.pop()
        if isinstance(value, str):
            out.append(value)
        elif isinstance(value, dict | list):
            found += value.values() if isinstance(value, dict) else value
    return out


def of_xml(text: str) -> list[str]:
    if not text.lstrip().startswith("<") or "<!ENTITY" in text:
        return []
    try:
        elements = list(ElementTree.fromstring(text.strip()).iter())
    except (ElementTree.ParseError, ValueError):
        return []
    return [value for element in elements for value in [element.text or "", *element.attrib.values()]]


def sample(r: random.Random, found: Iterator[str] | list[str], most: int) -> list[str]:
    different = list(dict.fromkeys(found))
    return different if len(different) <= most else r.sample(different, most)


if __name__ == "__main__":
    main()
