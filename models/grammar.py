"""Random texts out of grammars (`grammars/*/*.txt`).

A rule is its name with a colon at the start of a line, then one alternative a line, indented by two spaces (these two
are cut off, the rest stands as it is); behind `name words:` every word is one. `# ` at the start of a line is a comment.
Within an alternative:

  ~rule~      expanded                     ~rule#tag~  the same expansion wherever the same tag stands
  ~rule*2-5~  repeated 2 to 5 times        ~0-255~     a number            ~=n~  a line break; =r =t =s =0 likewise
  ~=~         nothing                      ~~          a tilde
"""

import random
import re
from pathlib import Path

MARK = re.compile(r"~([^~\s]+)~")
RULE = re.compile(r"(\w+)( words)?:")
RANGE = re.compile(r"(\d+)-(\d+)")
CONTROLS = {"=n": "\n", "=r": "\r", "=t": "\t", "=s": " ", "=0": "\0", "=": ""}
MAX_DEPTH = 24


class Grammar:
    def __init__(self, *files: Path) -> None:
        self.rules: dict[str, list[str]] = {}
        for file in files:
            self.read(file)

    def read(self, file: Path) -> None:
        alternatives: list[str] = []
        words = False
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip() or line.startswith("# "):
                continue
            if line.startswith("  "):
                alternatives.extend(line.split() if words else [line[2:]])
            elif head := RULE.fullmatch(line):
                alternatives, words = self.rules.setdefault(head[1], []), head[2] is not None
            else:
                raise ValueError(f"{file}:{number}: neither a rule nor an alternative")

    def text(self, r: random.Random, rule: str = "start") -> str:
        return self.expand(r, f"~{rule}~", {}, 0)

    def expand(self, r: random.Random, text: str, tagged: dict[str, str], depth: int) -> str:
        if depth > MAX_DEPTH:
            return ""

        def one(found: re.Match) -> str:
            mark = found[1]
            if mark in CONTROLS:
                return CONTROLS[mark]
            name, _, tag = mark.partition("#")
            if tag:
                if mark not in tagged:
                    tagged[mark] = self.draw(r, name, tagged, depth)
                return tagged[mark]
            return self.draw(r, name, tagged, depth)

        return MARK.sub(one, text).replace("~~", "~")

    def draw(self, r: random.Random, mark: str, tagged: dict[str, str], depth: int) -> str:
        number = RANGE.fullmatch(mark)
        if number:
            return str(r.randint(int(number[1]), int(number[2])))
        name, _, times = mark.partition("*")
        low, high = map(int, RANGE.fullmatch(times).groups()) if times else (1, 1)
        return "".join(
            self.expand(r, r.choice(self.rules[name]), tagged, depth + 1) for _ in range(r.randint(low, high))
        )
