"""Benign values that look dangerous: passwords, tokens, prose with SQL's words or markup, links, short symbols."""

import base64
import gzip
import json
import random
import re
import string
import zlib
from collections import Counter

from codes import code
from words import CONTRACTIONS, HOSTS, NAMES, PAGES, PATHS, PROJECTS, RESOURCES, SHELL_WORDS, SQL_WORDS, SYMBOLS, TAGS


def password(r: random.Random) -> str:
    return "".join(r.choice(string.ascii_letters + string.digits + string.punctuation) for _ in range(r.randint(6, 40)))


def token(r: random.Random) -> str:
    raw = r.randbytes(r.randint(6, 96))
    kind = r.randrange(8)
    if kind == 0:
        return base64.b64encode(raw).decode()
    if kind == 1:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if kind == 2:
        return raw.hex()
    if kind == 3:
        return ".".join(base64.urlsafe_b64encode(r.randbytes(n)).decode().rstrip("=") for n in (27, 60, 32))
    if kind == 4:
        return f"{raw[:4].hex()}-{raw[:2].hex()}-4{raw[2:4].hex()[1:]}-a{raw[4:6].hex()[1:]}-{r.randbytes(6).hex()}"
    if kind == 5:  # tracking parameters, version lists: numbers and short words between dots, some of them empty
        parts = [
            r.choice(
                [
                    "",
                    str(r.randint(0, 99)),
                    str(r.randint(0, 99999)),
                    f"{r.randint(0, 9)}j{r.randint(0, 9)}",
                    "hp",
                    "1ac",
                ]
            )
        ]
        parts += [
            r.choice([parts[0], "", "0", str(r.randint(0, 9)), str(r.randint(0, 99999))])
            for _ in range(r.randint(4, 30))
        ]
        return r.choice(["", "mobile-", "serp.", "partner-"]) + ".".join(parts)
    if kind == 6:
        return "-".join(
            "".join(r.choice(string.ascii_uppercase + string.digits) for _ in range(5)) for _ in range(r.randint(2, 5))
        )
    return packed(r)


def packed(r: random.Random) -> str:
    """State as pages, links of campaigns and session cookies carry it: compressed and in base64."""
    fields = {r.choice(RESOURCES): r.choice([r.choice(PATHS), r.randint(0, 99999), True, link(r)]) for _ in range(r.randint(1, 6))}
    text = r.choice([json.dumps(fields), "&".join(f"{name}={value}" for name, value in fields.items()), link(r)]).encode()
    data = gzip.compress(text, mtime=r.choice([0, 0, 1767225600])) if r.random() < 0.6 else zlib.compress(text)
    encode = base64.b64encode if r.random() < 0.6 else base64.urlsafe_b64encode
    return r.choice(["", "", "", ".", "z:"]) + encode(data).decode().rstrip(r.choice(["", "="]))


def link(r: random.Random) -> str:
    path = "/".join(r.choice(PATHS) for _ in range(r.randint(0, 4)))
    query = "&".join(
        f"{r.choice(PATHS)}={r.choice([str(r.randint(0, 9999)), r.choice(PATHS), token(r)[:12]])}"
        for _ in range(r.randint(0, 3))
    )
    port = r.choice(["", "", "", ":8080", ":443", ":3000"])
    tail = r.choice(["", "", "/", ".html", ".php", ".png", "#top"])
    scheme = r.choice(["https://", "https://", "http://", "//", "", "ftp://", "mailto:info@"])
    if r.random() < 0.15:
        return f"{r.choice(['https://', 'http://', ''])}{r.choice([host for host in HOSTS if '.' in host])}{port}"
    return f"{scheme}{r.choice(HOSTS)}{port}/{path}{tail}{'?' + query if query else ''}"


def sentence(r: random.Random, prose: list[str]) -> str:
    words = r.choice(prose).split()[: r.randint(4, 40)]
    for _ in range(r.randint(1, 4)):
        kind = r.randrange(7)
        extra = r.choice(SQL_WORDS if kind < 3 else SHELL_WORDS if kind == 3 else NAMES if kind == 4 else CONTRACTIONS)
        if r.random() < 0.2:
            extra = r.choice(
                ["'{}'", '"{}"', "`{}`", "({})", "{};", "{},", "{} & ", "{} -", "- {}", "{}:", "{} | "]
            ).format(extra)
        words.insert(r.randint(0, len(words)), extra.upper() if r.random() < 0.15 else extra)
    text = " ".join(words)
    if r.random() < 0.25:
        tag = r.choice(TAGS)
        cut = r.randint(0, len(text))
        text = f"{text[:cut]}<{tag}>{text[cut:]}</{tag}>" if r.random() < 0.8 else f"{text[:cut]}<{tag}/>{text[cut:]}"
    return text


def record(r: random.Random, prose: list[str]) -> str:
    """Small structured texts: lists, assignments, headers, paths."""
    a, b, n = r.choice(PATHS), r.choice(NAMES), r.randint(0, 99999)
    return r.choice(
        [
            f"{a}={n}; {r.choice(PATHS)}={token(r)[:20]}",
            f"{a},{b},{n}",
            f"{b} <{a}@{r.choice(HOSTS)}>",
            f"-{a},+{r.choice(PATHS)}",
            f"{a} eq {n} and {r.choice(PATHS)} gt {r.randint(0, 9)}",
            f"{a}:{n} OR {a}:{r.randint(0, 99)}",
            f"[{n}, {n + 1}]",
            f'{{"{a}": "{b}", "n": {n}}}',
            f"${{{a}}}",
            f"{{{a}}}",
            f"Hello {{{{{a}}}}}, your {r.choice(PATHS)}",
            f"C:\\Users\\{a}\\{r.choice(PATHS)}.docx",
            f"/home/{a}/{r.choice(PATHS)}.{r.choice(['txt', 'pdf', 'tar.gz'])}",
            f"/{a}/{r.choice(PATHS)}/{n}",
            f"/Date({n}{n}000+0000)/",
            f"{a}[]",
            f"{a}[{n % 9}]",
            f"filter[{a}]",
            f"{a}.{r.choice(PATHS)}",
            f'{r.choice(["W/", ""])}"{token(r)[:24]}"',
            f"{n}x{n % 77}",
            f"2026-{1 + n % 12:02}-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z",
            f"{n}' x {n % 40}\"",
            f"{b}'s {a} #{n}",
            f"sort={a}:desc",
            f"{a} -> {r.choice(PATHS)}",
            f"{n} > {n % 50}",
            f"if {a} < {n % 9} then {r.choice(PATHS)}",
            f"{a}({r.choice(PATHS)})",
            f"${n}.{n % 100:02}",
            f"#{n:06x}",
            f"{r.randint(1, 223)}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}",
            f"{r.choice(HOSTS)}:{n % 65535}",
            f"{a}@{r.choice(HOSTS)}",
        ]
    )


def resource(r: random.Random) -> str:
    """A name as APIs have them, alone, with a value, or in a path."""
    words = [r.choice(RESOURCES) for _ in range(r.randint(1, 3))]
    if r.random() < 0.5:
        words[-1] += "s"
    camel = "".join(word.capitalize() for word in words)
    name = r.choice([camel, camel, camel[0].lower() + camel[1:], "_".join(words), "-".join(words), ".".join(words)])
    kind = r.random()
    if kind < 0.5:
        return name
    if kind < 0.6:
        return f"{' '.join(words)} {r.choice(['', str(r.randint(0, 99))])}".strip().capitalize()
    if kind < 0.7:
        return f"{name}={r.choice(['true', 'false', str(r.randint(0, 99)), r.choice(PATHS)])}"
    label = r.choice([r.choice(NAMES), f"{r.choice(PATHS)} {r.randint(0, 99)}", "Main office", "C++ dev", token(r)[:16], "50% off"])
    inner = r.choice([f"/{name}/{label}", f"/{name}/{label}/{r.choice(RESOURCES).capitalize()}s", f"/{r.choice(PATHS)}/{name}"])
    return f"{r.choice(['/v1', '/v2', '/api', ''])}{inner}"


def plain(r: random.Random, words: list[str]) -> str:
    """Words of benign texts as paths, files, hosts, people and identifiers have them: alone, joined, with an ending."""
    a, b = r.choice(words), r.choice(words)
    name = r.choice([a, a + b, f"{a}-{b}", f"{a}_{b}", f"{a}.{b}", a.capitalize() + b.capitalize(), f"{a}{r.randint(0, 99)}"])
    name += r.choice(["", "", "", "s"])
    domain = f"{r.choice(['', '', 'www.', 'logo_url.'])}{name}.{r.choice(['com', 'org', 'io', 'net', 'de', 'co.uk', 'example.com'])}"
    ending = r.choice(["json", "json", "html", "php", "sh", "c", "py", "js", "xml", "txt", "pdf", "jpg", "rb", "md"])
    return r.choice(
        [
            name,
            name,
            name,
            f"{name}.{ending}",
            f"{name}.{ending}",
            f"/{a}/{name}",
            f"/{name}/{r.randint(1990, 2030)}/{b}.{ending}",
            f"/{a}/{slug(r, words)}/",
            f"/{a}/{slug(r, words)}/",
            f"/{a}/{name}/{slug(r, words)}.{ending}",
            slug(r, words),
            f"{a} & {b}.{ending}",
            f"{a}@{domain}",
            f"{a}.{b}@{domain}",
            f"https://{domain}",
            f"http://{domain}/{b}",
            f"https://{domain}/{a}/{b}.{ending}",
            f"{domain}/{a}",
            f"{a.capitalize()} {b} {r.choice(words)} id",
        ]
    )


def slug(r: random.Random, words: list[str]) -> str:
    """As pages and projects are named in addresses."""
    parts = [r.choice(words) + r.choice(["", "", r.choice(words)]) for _ in range(r.randint(1, 5))]
    parts += r.choice([[], [str(r.randint(1990, 2030))], [f"{r.randint(0, 9)}.{r.randint(0, 30)}"]])
    return r.choice(["-", "-", "-", "_", "."]).join(parts).lower()


def words_of_attacks(r: random.Random, attacks: list[bytes]) -> list[bytes]:
    """The words that attacks are made of, alone and in harmless places: it is what stands around them that attacks."""
    words = sorted({word for text in attacks for word in re.findall(rb"[A-Za-z]{3,14}", text[:400])})
    common = Counter(word.lower() for text in attacks for word in set(re.findall(rb"[A-Za-z]{3,14}", text[:400])))
    words += [word for word, count in sorted(common.items()) if count >= 10] * 6
    out = []
    for word in words:
        a, b = (r.choice(words) for _ in range(2))
        forms = [word, word.lower(), word.capitalize(), word.upper(), b"%b %b %b" % (word, a, b), b"/%b/%b" % (word, a)]
        forms += [b"/" + word, b"%b-%b" % (word, a), b"%b_%b" % (word, a), b"%b.%b" % (word, a)]
        forms += [
            word + r.choice([b".jpg", b".html", b".xml", b".png", b".js", b".pdf"]),
            b"%b, %b and %b" % (a, b, word),
        ]
        out.append(r.choice(forms))
    return list(dict.fromkeys(out))


def pages(r: random.Random, attacks: list[bytes], count: int) -> list[bytes]:
    """Addresses of pages and files about programs and projects, whose names attacks are made of, too."""
    common = Counter(word.lower() for text in attacks for word in set(re.findall(rb"[A-Za-z]{2,14}", text[:400])))
    names = [word.decode() for word, uses in sorted(common.items()) if uses >= 10] + PROJECTS * 8
    return [page(r, names).encode() for _ in range(count)]


def page(r: random.Random, names: list[str]) -> str:
    a, b, n = r.choice(names), r.choice(names), r.randint(1, 30)
    occasion = r.choice(PAGES)
    name = r.choice([f"{a}{occasion}", f"{a}-{occasion}", f"{a}-{b}", f"{a}-{b}{occasion}", f"{occasion}-{a}", f"{a}{b}", a])
    name += r.choice(["", "", "", f"-{1990 + n}", f"-{n % 10}.{n}", f"-v{n % 10}", f"-{occasion}{n}x", f"{n}", f"-{b}"])
    ending = r.choice(["html", "pdf", "conf", "log", "cfg", "txt", "png", "md", "sh", "tar.gz", "rb", "py"])
    return r.choice(
        [
            name,
            name,
            name,
            f"{name}.{ending}",
            f"{a}.{ending}",
            f"{a}rc",
            f"/{occasion}s/{name}/",
            f"/{r.choice(PATHS)}/{name}/",
            f"/{r.choice(PATHS)}/{name}",
            f"/{a}/{name}",
            f"/{r.choice(PATHS)}/{1990 + n}/{name}.{ending}",
            f"/{r.choice(PATHS)}/{a}rc",
            f"/{name}",
        ]
    )


def negatives(prose: list[str], count: int, seed: int) -> list[bytes]:
    r = random.Random(seed)
    words = sorted({word for text in prose for word in re.findall(r"\b[A-Za-z][a-z]{2,11}\b", text)})
    makers = [
        lambda: password(r),
        lambda: token(r),
        lambda: code(r),
        lambda: link(r),
        lambda: sentence(r, prose),
        lambda: sentence(r, prose),
        lambda: record(r, prose),
        lambda: resource(r),
        lambda: plain(r, words),
        lambda: plain(r, words),
        lambda: plain(r, words),
    ]
    values = [makers[i % len(makers)]() for i in range(count)]
    return [v.encode() for v in values + SYMBOLS * 8]
