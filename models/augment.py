"""Attacks as they come: glued into benign text, numbers redrawn, case shuffled."""

import random
import re


def redraw_digits(r: random.Random, value: bytes) -> bytes:
    """Every number another one; equal numbers stay equal (`1=1`). Addresses and escapes keep theirs."""
    if re.search(rb"\d+\.\d+\.\d+|0x|%|\\|&#|U\+", value):
        return value
    drawn: dict[bytes, bytes] = {}
    return re.sub(
        rb"\d+", lambda m: drawn.setdefault(m[0], str(r.randint(0, 10 ** min(6, len(m[0]) + 1))).encode()), value
    )


def shuffle_case(r: random.Random, value: bytes) -> bytes:
    return bytes(b ^ 0x20 if (65 <= b <= 90 or 97 <= b <= 122) and r.random() < 0.3 else b for b in value)


def glue(r: random.Random, value: bytes, texts: list[bytes]) -> bytes:
    """Benign text before, behind or around; cut at a word where it can be."""
    before = snippet(r, texts) if r.random() < 0.8 else b""
    after = snippet(r, texts) if r.random() < 0.7 or not before else b""
    gap = r.choice([b"", b" ", b" ", b" ", b"\n", b", "])
    return before + gap + value + (r.choice([b"", b" ", b" ", b"\n"]) + after if after else b"")


def snippet(r: random.Random, texts: list[bytes]) -> bytes:
    text = r.choice(texts)
    size = r.choice([8, 24, 60, 120])
    start = r.randint(0, max(0, len(text) - size))
    return text[start : start + size].strip()
