"""Material of packages as their consumers send it: bodies of JSON, forms, queries, addresses, uploads, messages of interfaces."""

import json
import random
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

# Characters of an object sent as JSON; one of the upper bounds is drawn for each file.
SMALLEST, LARGEST = 24, (300, 900, 3500)
FORM_CHARACTERS, QUERY_CHARACTERS = 1500, 500
SLICE = 12  # entries of a flat object that are sent at once, at most
MANY = 24  # entries that make it a table of messages
LONG_TEXT, TEXT_BYTES = 60, 6000
OF_FILE = 60  # requests at most
SHORT_LIST = 6
# Keys under which documents show what is sent.
EXAMPLES = ("example", "examples", "payload", "body", "input", "value", "event", "request", "data")
MEDIA = {"ics": "text/calendar", "vcf": "text/vcard", "eml": "message/rfc822", "xml": "application/xml", "wsdl": "text/xml", "xsd": "text/xml"}
MEDIA |= {"csv": "text/csv", "md": "text/markdown", "html": "text/html", "txt": "text/plain", "rst": "text/plain", "graphql": "application/graphql"}
MEDIA |= {"yaml": "application/yaml", "yml": "application/yaml", "svg": "image/svg+xml", "rss": "application/rss+xml"}
HOSTS = ["api.example.com", "www.example.org", "app.example.net", "shop.example", "intranet.example.com:8443"]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "python-requests/2.32.3",
    "axios/1.7.2",
    "okhttp/4.12.0",
]
ADDRESS = re.compile(r"https?://([\w.-]+(?::\d+)?)(/[^\s\"'<>#]*)")
TARGET = re.compile(r"^(?:https?://([\w.-]+(?::\d+)?))?(/[^\s#]*)?$")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
LEFT_OUT = re.compile(r"(?i)^:|^(host|connection|content-length|transfer-encoding|content-encoding|expect|te)$")
SAFE = "/?&=%:@!$'()*+,;~-._[]{}|"
FLAT = (str, int, float, bool, type(None))


def requests(r: random.Random, path: str, item: object) -> Iterator[dict]:
    """Of one item of `material`: `method`, `path`, `headers`, `body` of each request."""
    stem = re.sub(r"[^\w-]+", "-", path.rsplit("/", 1)[-1].rsplit(".", 1)[0]).strip("-")[:40] or "items"
    if isinstance(item, str):
        yield from of_text(r, stem, path.rsplit(".", 1)[-1].lower(), item)
        return
    if recordings := list(recorded(item)):
        yield from recordings
        return
    largest = r.choice(LARGEST)
    objects = list(subtrees(item, stem, largest))
    shown = [pair for pair in objects if pair[0] in EXAMPLES]
    chosen = shown if len(shown) > OF_FILE else objects
    for name, value in chosen if len(chosen) <= OF_FILE else r.sample(chosen, OF_FILE):
        yield of_object(r, name if name not in EXAMPLES else stem, value)
    strings = list(dict.fromkeys(strings_of(item)))
    addresses = [text for text in strings if ADDRESS.fullmatch(text)]
    for text in addresses if len(addresses) <= OF_FILE else r.sample(addresses, OF_FILE):
        host, target = ADDRESS.fullmatch(text).groups()
        yield request(r, "GET", target, host=host)
    long = [text for text in strings if len(text) > LONG_TEXT and text not in addresses]
    for text in long if len(long) <= SHORT_LIST else r.sample(long, SHORT_LIST):
        yield of_object(r, stem, {r.choice(["text", "content", "message", "description", "comment", "body"]): text[:TEXT_BYTES]})


def recorded(item: object) -> Iterator[dict]:
    """The requests of a recording, as HAR, nock, betamax and VCR keep them."""
    waiting = [item]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        method, target = value.get("method"), value.get("uri") or value.get("url") or value.get("path")
        if not (isinstance(method, str) and method.upper() in METHODS and isinstance(target, str) and TARGET.match(target)):
            waiting.extend(value.values())
            continue
        host, path = TARGET.match(target).groups()
        pairs = value.get("headers") or value.get("reqheaders") or {}
        if isinstance(pairs, list):
            pairs = {pair["name"]: pair["value"] for pair in pairs if isinstance(pair, dict) and {"name", "value"} <= pair.keys()}
        headers = {name: first(field) for name, field in pairs.items()} if isinstance(pairs, dict) else {}
        headers = {name.lower(): field for name, field in headers.items() if field.isprintable() and not LEFT_OUT.match(name)}
        body = value.get("body") or (value.get("postData") or {}).get("text") or ""
        if isinstance(body, dict) and body.keys() <= {"string", "encoding", "base64_string"}:
            body = body.get("string") or ""
        if not isinstance(body, str):
            headers, body = {"content-type": "application/json"} | headers, json.dumps(body, ensure_ascii=False)
        yield {"method": method.upper(), "path": quote(path or "/", safe=SAFE), "headers": {"Host": host or HOSTS[0]} | headers, "body": body}


def first(field: object) -> str:
    return str(field[0] if isinstance(field, list) and field else field)


def subtrees(item: object, name: str, largest: int) -> Iterator[tuple[str, object]]:
    """The largest parts that fit, each with the key that it stood under; of flat tables, and of lists of values, slices."""
    if isinstance(item, FLAT):
        return
    size = len(json.dumps(item, ensure_ascii=False))
    flat = [v for v in (item.values() if isinstance(item, dict) else item) if isinstance(v, FLAT)]
    if size < SMALLEST:
        return
    if size <= largest and not (len(flat) > MANY):
        yield name, item
        return
    if len(flat) > MANY and len(flat) == len(item):
        entries = list(item.items()) if isinstance(item, dict) else list(item)
        width = 1 + size % SLICE
        for start in range(0, len(entries), width):
            part = entries[start : start + width]
            yield name, dict(part) if isinstance(item, dict) else part
        return
    for key, value in item.items() if isinstance(item, dict) else ((name, value) for value in item):
        yield from subtrees(value, re.sub(r"[^\w-]+", "-", str(key)).strip("-")[:40] or name, largest)


def strings_of(item: object) -> Iterator[str]:
    waiting = [item]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def of_object(r: random.Random, name: str, value: object) -> dict:
    """A flat object as form, query or JSON, a list of words as a search, all else as JSON."""
    if isinstance(value, list) and value and all(isinstance(v, str) and len(v) < LONG_TEXT for v in value):
        if r.random() < 0.7:
            return request(r, "GET", f"/{name}?{urlencode({r.choice(['q', 'search', 'name', 'term']): r.choice(value)})}")
    if isinstance(value, dict) and all(isinstance(v, FLAT) for v in value.values()):
        fields = urlencode({key: "" if v is None else v for key, v in value.items()})
        way = r.random()
        if way < 0.25 and len(fields) <= FORM_CHARACTERS:
            return request(r, "POST", f"/{name}", "application/x-www-form-urlencoded", fields)
        if way < 0.45 and len(fields) <= QUERY_CHARACTERS:
            return request(r, "GET", f"/{name}?{fields}")
    method, end = r.choice([("POST", ""), ("POST", ""), ("PUT", f"/{r.randint(1, 99999)}"), ("PATCH", f"/{r.randint(1, 99999)}")])
    body = json.dumps(value, ensure_ascii=r.random() < 0.2, separators=(",", ":") if r.random() < 0.6 else None)
    return request(r, method, f"/api/{name}{end}", "application/json", body)


def of_text(r: random.Random, stem: str, end: str, text: str) -> Iterator[dict]:
    """The whole where it is short, else runs of its lines: as a body of its type, as a field of JSON, as an upload; a line as a search."""
    lines = text.split("\n")
    if len(lines) > 200 and sum(map(len, lines)) / len(lines) < LONG_TEXT:
        for line in r.sample(lines, OF_FILE // 2):
            if line.strip():
                yield request(r, "GET", f"/search?{urlencode({'q': line.strip()[:200]})}")
    for _ in range(1 if len(text) <= TEXT_BYTES else min(8, len(text) // TEXT_BYTES)):
        size = r.randint(3, 60)
        start = r.randint(0, max(0, len(lines) - size))
        part = text if len(text) <= TEXT_BYTES else "\n".join(lines[start : start + size])[:TEXT_BYTES]
        if not part.strip():
            continue
        way = r.random()
        if end in MEDIA and way < 0.4:
            yield request(r, "PUT", f"/files/{stem}.{end}", MEDIA[end], part)
        elif way < 0.7:
            yield request(r, "POST", f"/api/{stem}", "application/json", json.dumps({"name": f"{stem}.{end}", "content": part}, ensure_ascii=False))
        else:
            mark = f"----WebKitFormBoundary{r.getrandbits(64):016x}"
            head = f'Content-Disposition: form-data; name="file"; filename="{stem}.{end}"\r\nContent-Type: {MEDIA.get(end, "application/octet-stream")}'
            yield request(r, "POST", "/upload", f"multipart/form-data; boundary={mark}", f"--{mark}\r\n{head}\r\n\r\n{part}\r\n--{mark}--\r\n")


def request(r: random.Random, method: str, path: str, media: str = "", body: str = "", host: str = "") -> dict:
    headers = {"Host": host or r.choice(HOSTS), "User-Agent": r.choice(AGENTS), "Accept": r.choice(["*/*", "application/json"])}
    if media:
        headers["Content-Type"] = media
    return {"method": method, "path": quote(path, safe=SAFE), "headers": headers, "body": body}
