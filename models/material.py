"""What a file of a package holds: objects (JSON, tables, literals, messages) and texts."""

import ast
import csv
import io
import json
import re
import warnings
from collections.abc import Iterator

LARGEST_FILE = 6_000_000  # characters
# Of a source in JavaScript or TypeScript: a key and a string.
ENTRY = re.compile(r"""(["']?)([\w.$-]+)\1\]?\s*[:=]\s*(["'`])((?:\\.|(?!\3)[^\\])*)\3""")
ESCAPE = re.compile(r"\\(u\{?[0-9a-fA-F]{4,6}\}?|x[0-9a-fA-F]{2}|.)", re.S)
MESSAGE = re.compile(r'^msgid ((?:".*"\n)+)(?:msgid_plural (?:".*"\n)+)?msgstr(?:\[0\])? ((?:".*"(?:\n|$))+)', re.M)
# Of a request as VCR writes it in YAML, its strings in quotes or plain.
SCALAR = r"(?:'((?:[^']|'')*)'|\"((?:\\.|[^\"\\])*)\"|([^\n]*))"
VCR = re.compile(rf"^- request:\n    body: {SCALAR}\n    headers:\n((?:      .*\n)*)    method: (\w+)\n    uri: {SCALAR}$", re.M)
VCR_HEADER = re.compile(rf"^      ([\w-]+):\n      - {SCALAR}$", re.M)
MULTILINE = 80  # characters of a literal of several lines that is a text
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}


def material(path: str, text: str) -> Iterator[object]:
    """Objects and lists as JSON has them, and texts as `str`."""
    if "\0" in text or len(text) > LARGEST_FILE:
        return
    end = path.rsplit(".", 1)[-1].lower()
    reader = READERS.get(end)
    if reader:
        yield from reader(text)
    elif text.strip():
        yield text


def of_json(text: str) -> Iterator[object]:
    try:
        yield json.loads(text)
    except ValueError:
        for line in text.split("\n"):
            try:
                value = json.loads(line)
            except ValueError:
                return
            if isinstance(value, (dict, list)):
                yield value


def of_table(delimiter: str):
    def rows(text: str) -> Iterator[object]:
        try:
            for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
                yield {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        except csv.Error:
            return

    return rows


def of_script(text: str) -> Iterator[object]:
    entries = {key: unescaped(value) for _, key, _, value in ENTRY.findall(text) if "${" not in value}
    if entries:
        yield entries


def unescaped(literal: str) -> str:
    def sign(match: re.Match) -> str:
        code = match[1]
        if code[0] in "ux" and len(code) > 1:
            return chr(min(int(code[1:].strip("{}"), 16), 0x10FFFF))
        return CONTROLS.get(code, code)

    return ESCAPE.sub(sign, literal).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def of_python(text: str) -> Iterator[object]:
    """Literals that are objects or lists of objects, JSON in strings, and strings of several lines that document nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, (ast.Dict, ast.List)):
            try:
                yield json.loads(json.dumps(ast.literal_eval(node)))
                continue
            except (ValueError, TypeError, RecursionError):
                pass
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > MULTILINE:
            string = node.value.strip()
            if string[:1] in ("{", "["):
                yield from of_json(string)
            elif "\n" in string:
                yield string
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def of_messages(text: str) -> Iterator[object]:
    def joined(lines: str) -> str:
        return unescaped("".join(line[1:-1] for line in lines.strip().split("\n")))

    pairs = {joined(key): joined(value) for key, value in MESSAGE.findall(text)}
    pairs.pop("", None)
    for key, value in pairs.items():
        yield {"msgid": key, "msgstr": value}


def of_yaml(text: str) -> Iterator[object]:
    """Recordings as objects, all else as text."""
    if "\n- request:\n" not in f"\n{text}":
        yield text
        return
    for match in VCR.finditer(text):
        body, headers, method, address = scalar(*match.groups()[:3]), match[4], match[5], scalar(*match.groups()[5:])
        fields = {field[1]: scalar(*field.groups()[1:]) for field in VCR_HEADER.finditer(headers)}
        yield {"method": method, "uri": address, "body": "" if body == "null" else body, "headers": fields}


def scalar(single: str | None, double: str | None, plain: str | None) -> str:
    folded = re.sub(r"\n\s*", lambda match: "\n" * (match[0].count("\n") - 1) or " ", single or double or plain or "")
    return folded.replace("''", "'") if single else unescaped(folded) if double else folded


READERS = {"yaml": of_yaml, "yml": of_yaml}
READERS |= {"json": of_json, "geojson": of_json, "ndjson": of_json, "jsonl": of_json, "har": of_json, "csv": of_table(","), "tsv": of_table("\t")}
READERS |= {"js": of_script, "mjs": of_script, "cjs": of_script, "ts": of_script, "py": of_python, "po": of_messages}
