"""The classes of the model's output, in the order of `AttackClass` in the sidecar's proto."""

CLASSES = [
    "benign",
    "sqli",
    "xss",
    "path-traversal",
    "rce",
    "ssrf",
    "ssti",
    "xxe",
    "ldap",
    "nosql",
    "header-injection",
    "log4shell",
    "deserialization",
    "scanner",
]
BENIGN, SCANNER = 0, CLASSES.index("scanner")
# An attack of no class of its own: only "not benign" is learnt from it.
UNCLASSED = -1


def class_of(category: str) -> int:
    return CLASSES.index(category) if category in CLASSES else UNCLASSED
