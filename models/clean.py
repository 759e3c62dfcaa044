"""Which rows of the raw lists are believed, and how much.

Lists of attacks also hold ordinary words, headings and whole documents. A label is kept only where the value itself
shows the attack; weights are of one sample, before the balance between categories.
"""

import re

WORDS = re.compile(rb"^[\w .,:'!?/#()-]*$")
TRAVERSAL = re.compile(rb"\.\.|\.{4}|0x2e|2e2e|%2e|%c0|%u|%2%|\xf8\x80|\xfc\x80|\.//|\\\.", re.I)
SENSITIVE_FILE = re.compile(
    rb"etc/|passwd|shadow|/proc/|/var/log|boot\.ini|win\.ini|system32|\.htaccess|\.htpasswd|\.ssh|id_rsa|\.bash_history"
    rb"|/root/|wp-config|config\.inc|access[._]log|error[._]log|php://|convert\.iconv|/\.\w+_history|inetpub|global\.asa|httpd\.conf|php\.ini|my\.cnf",
    re.I,
)
SQL = re.compile(
    rb"union\s+(all\s+)?(distinct\s+)?select|order\s+by\s+\d|group\s+by\s+\d|select\b.*\bfrom\b|waitfor|sleep\s*\(|benchmark\s*\("
    rb"|(or|and)\s+['\"(]*\w+['\")]*\s*(=|like|<|>)|--|/\*|;|\bhaving\b|\|\||0x[0-9a-f]{6}|xp_\w+|information_schema|exec\s",
    re.I,
)
SPECIAL_ADDRESS = re.compile(
    rb"169\.254|127\.|localhost|0x[0-9a-f]{2}|0177|metadata|\[|@|192\.168|\b10\.\d|172\.1[6-9]|100\.100|192\.0\.0|kubernetes"
    rb"|nip\.io|://\d{6,}|:/*0\d|^(gopher|dict|file|jar|ldap|tftp|sftp|netdoc|phar|expect)",
    re.I,
)
ADDRESS = re.compile(rb"[/\\@]|^\w+:|\d\.\d|localhost", re.I)
PLAIN_URL = re.compile(rb"^(https?:)?/{0,2}[\w.-]+(:\d+)?(/[\w./?=&-]*)?$", re.I)
SCANNER = re.compile(
    rb"/\.(git|svn|env|hg|aws|ssh|DS_Store|ht\w+|bash_history)|\.(bak|old|swp|sql|orig|inc|mdb)\b|cgi-bin|phpmyadmin|phpinfo|actuator/|heapdump"
    rb"|jolokia|\.\./|<|%00|/etc/",
    re.I,
)
ACTIVE_MARKUP = re.compile(
    rb"script|\bon\w+\s*=|javascript|vbscript|expression|\(|`|src\s*=|href\s*=|data:|&#|\\u00|import|<iframe|<object|<embed|<meta|<svg|<form|srcdoc",
    re.I,
)
COMMAND = re.compile(rb"[;&|`$<>{}\n%]|/(bin|etc|dev|usr)/|cmd|powershell|wget|curl|\.exe", re.I)
# What shows the attack itself, in categories whose lists also hold the lines around it: tools' calls, templates, fields.
SIGNS = {
    "xxe": re.compile(rb"<!ENTITY|<!DOCTYPE[^>]*(SYSTEM|PUBLIC|\[)|xi:include|<xsl:|schemaLocation|<\?import", re.I),
    "ldap": re.compile(rb"\)\s*\(|\(\s*[|&!]\s*\(|\*\)|=\*", re.I),
    "nosql": re.compile(rb"\$\w+|\|\||&&|==|sleep|return|/\.\*/", re.I),
    "deserialization": re.compile(
        rb"O:\+?\d+:|[{;]\s*s:\d+:|!!|!ruby/(object|hash)|!<tag|rO0|aced0005|AAEAAAD|/wE|H4sI|ObjectDataProvider|ND_FUNC|ExpandedWrapper"
        rb"|@type|\$type|@class|py/|java\.|javax\.|com\.sun|org\.(apache|spring)|\s\(S|gAS|gAN|BAh|json_class|readObject",
        re.I,
    ),
    "other": re.compile(
        rb"__proto__|constructor.{0,3}prototype|%[\w.$@*]+%|cmd\s*\||^[=@+-][A-Z]+\(|['\"]\s*(\)|\])*\s*(or|and|\|)\b|\]\s*\||//\w+\[|doc\(|child::"
        rb"|rundll|%\d+\$|__schema|__class__",
        re.I,
    ),
    "ssti": re.compile(
        rb"\d\s*[*+-]\s*['\"]?\d|__|class|exec|system|popen|config|self|request|import|eval|file|open|runtime|constructor|process|require|lookup"
        rb"|env|dump|#include|#echo|IO\.|Dir|phpinfo|toUpperCase|concat|attr|settings|scope",
        re.I,
    ),
}
# Templates of lists that are yet to be filled, and what such a list says of its entries.
NOTES = re.compile(rb"\{(target|cmd)\}|^# [A-Za-z ]+$|^Exploit (Name|Description):|^\(?sql(attempt\d|vuln)\)?$", re.I)
BESIDE = re.compile(
    rb"^(\w+@\w+:|command1|mysql>|sqlmap|python|perl |ruby |php \w|java -|\.[\\/]ysoserial|puts|r = |if |for |import |def |\$\w+ = |# |-- [a-z]|--[a-z][a-z-]+[= ]|\w+ = )"
    rb"|(: [KO]{2}$)|would result|Expected:",
    re.I,
)


def attack_weight(row: dict, value: bytes) -> float:
    """0: not believed. `value` is the fixed point of the decoding."""
    category = row["category"]
    if len(value.strip()) < 2 or (value.isdigit() or value.isalpha()) or NOTES.search(value):
        return 0.0
    if row["source"] == "grammar":
        return 0.6
    if row["subtype"] == "rfi-exploit-path":
        return 0.0  # whole exploit paths whose only sign is a foreign URL
    if category == "header-injection" and not re.search(rb"[\r\n]|\\[rn]|%0|\xe5\x98", value):
        return 0.0  # the form whose line breaks were folded away
    if category == "scanner":
        return 0.1 if SCANNER.search(value) else 0.0
    if category == "path-traversal" and not (TRAVERSAL.search(value) or SENSITIVE_FILE.search(value)):
        return 0.0
    if category == "ssrf" and PLAIN_URL.match(value) and not SPECIAL_ADDRESS.search(value):
        return 0.0
    if category == "ssrf" and not ADDRESS.search(value):
        return 0.0
    if category == "sqli" and not SQL.search(value):
        return 0.25 if re.search(rb"['\"`;()=#]", value) and len(value) > 3 else 0.0
    if category == "rce" and not COMMAND.search(value):
        return 0.0
    if category == "xss" and not ACTIVE_MARKUP.search(value):
        return 0.0
    if category in ("xss", "xxe", "ssti", "ldap", "log4shell") and WORDS.match(value) and b"(" not in value:
        return 0.0
    sign = SIGNS.get(category)
    if sign and not sign.search(value):
        return 0.0
    if row.get("extracted"):
        return 0.0 if (not sign and prose(value)) or BESIDE.search(value) else 0.6
    if row["source"].startswith("generated"):
        return 0.4
    return 1.0


def prose(value: bytes) -> bool:
    """Sentences and declarations that stand beside payloads in Markdown."""
    words = re.findall(rb"[A-Za-z]{2,}", value)
    marks = re.findall(rb"[<>{}$|;=&'\"`%\\]", value)
    return (
        len(words) >= 6
        and len(marks) <= 2
        or value.strip().lower() in (b"<!doctype html>", b"<html>", b"</html>", b"<?php")
    )


def benign_weight(row: dict) -> float:
    if row["source"].startswith("minimaxir") and any("__class__" in form for v in row["values"] for form in v["forms"]):
        return 0.0
    if row.get("ambiguous"):
        return 0.15  # whole SQL statements: hard negatives, but not at any price
    if row["source"].startswith(("generated", "grammar")):
        return 0.5
    if row["subtype"].startswith("faker:") or row["subtype"] in ("document", "published"):
        return 0.5
    return 1.0
