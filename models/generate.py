"""Attacks and benign values out of the grammars, as rows like those of the data: `python models/generate.py --out FILE`.

They go through the same decoding as every other row (`extract-values.ts`); some are encoded for it to decode.
"""

import argparse
import base64
import html
import json
import random
import urllib.parse
from pathlib import Path

from grammar import Grammar
from obfuscate import disguised

GRAMMARS = Path(__file__).parent / "grammars"
# Rows of each grammar: thin ones repeat themselves soon.
COUNTS = {
    "sqli": 32300,
    "xss": 26200,
    "rce": 52400,
    "path-traversal": 23700,
    "ssti": 15500,
    "ssrf": 22300,
    "xxe": 10700,
    "ldap": 5500,
    "nosql": 19200,
    "header-injection": 12900,
    "log4shell": 2200,
    "deserialization": 13000,
    "other": 2800,
    "scanner": 24500,
    "sql": 5000,
    "shell": 6000,
    "system": 14000,
    "code": 13500,
    "queries": 5000,
    "operations": 6000,
    "people": 6000,
    "web": 19000,
    "interfaces": 11000,
    "formats": 9000,
    "locations": 4500,
    "traffic": 14000,
    "everyday": 17000,
    "services": 9500,
    "platforms": 9500,
    "lookalikes": 6000,
    "workspaces": 4000,
    "notebooks": 2300,
    "fixed": 11000,
    "ordinary": 25000,
    "products": 16500,
    "sources": 8000,
    "catalogue": 12500,
    "forges": 6500,
    "watchers": 6000,
    "desks": 6500,
    "administration": 6000,
    "editors": 5000,
}
# Of a grammar: each word of these rules for `~placed~`, in so many of the alternatives of `around`.
PLACED = {"rce": {"unix": 8, "windows_program": 6}}
ENCODED_SHARE = 0.15
DISGUISED_SHARE = 0.3
# Whose words are read without regard to case.
CASELESS = ("sqli", "xss", "ldap", "sql")


def encoded(r: random.Random, text: str) -> str:
    raw = text.encode()
    return r.choice(
        [
            lambda: urllib.parse.quote(raw, safe=""),
            lambda: urllib.parse.quote(urllib.parse.quote(raw, safe=""), safe=""),
            lambda: base64.b64encode(raw).decode(),
            lambda: base64.urlsafe_b64encode(raw).decode().rstrip("="),
            lambda: html.escape(text),
            lambda: "".join(f"\\u{ord(c):04x}" if not c.isalnum() and ord(c) < 0x10000 else c for c in text),
            lambda: "".join(f"\\x{ord(c):02x}" if not c.isalnum() and ord(c) < 0x80 else c for c in text),
            lambda: "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text),
        ]
    )()


def recased(r: random.Random, text: str) -> str:
    kind = r.random()
    if kind < 0.2:
        return text.upper()
    if kind < 0.3:
        return "".join(c.upper() if r.random() < 0.5 else c.lower() for c in text)
    return text


def dressed(r: random.Random, name: str, label: str, text: str) -> str:
    if name in CASELESS:
        text = recased(r, text)
    if label == "attack":
        text = perhaps_disguised(r, name, text)
    return encoded(r, text) if r.random() < ENCODED_SHARE else text


def perhaps_disguised(r: random.Random, name: str, text: str) -> str:
    return disguised(r, name, text) if r.random() < DISGUISED_SHARE else text


def placed(r: random.Random, grammar: Grammar, name: str) -> list[str]:
    return [
        perhaps_disguised(r, name, grammar.expand(r, place.replace("~placed~", word), {}, 0))
        for rule, times in PLACED.get(name, {}).items()
        for word in grammar.rules[rule]
        for place in r.sample(grammar.rules["around"], times)
    ]


def rows(seed: int) -> list[dict]:
    out = []
    for label in ("attack", "benign"):
        files = sorted((GRAMMARS / label).glob("*.txt"))
        for name in dict.fromkeys(file.name.split(".")[0] for file in files):
            parts = [file for file in files if file.name.split(".")[0] == name]
            grammar = Grammar(GRAMMARS / "common.txt", *parts)
            r, seen = random.Random(f"{seed} {label} {name}"), set()
            texts = [dressed(r, name, label, grammar.text(r)) for _ in range(COUNTS[name])]
            for number, text in enumerate(texts + placed(r, grammar, name)):
                if text in seen or not text.strip():
                    continue
                seen.add(text)
                category = name if label == "attack" else "benign"
                row = {"id": f"grammar-{label}-{name}-{number}", "source": "grammar", "label": label}
                out.append(row | {"category": category, "subtype": name, "kind": "payload", "payload": text})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/generate.jsonl", type=Path)
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as lines:
        for row in rows(options.seed):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
