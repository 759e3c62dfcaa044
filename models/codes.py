"""Benign values that follow a published notation and look like noise or like the beginning of an attack: points along a way,
identifiers of services, postcodes, addresses of what is watched, languages, zones of time, types of media."""

import random
import string

PREFIXES = "AC SM MM CA PN RE US IS MG VA".split()  # of identifiers by Twilio, before 32 hexadecimal digits
LETTERS = string.ascii_uppercase
CODES = LETTERS + string.digits
LANGUAGES = "ar bg cs da de el en es et fi fr he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sv th tr uk vi zh".split()
REGIONS = "US GB CA AU DE AT CH FR BE ES MX AR IT NL PT BR PL SE NO DK FI CZ HU RO GR TR UA IL SA EG IN TH VN ID JP KR CN TW HK".split()
ZONES = "Europe/Berlin Europe/London Europe/Madrid America/New_York America/Los_Angeles America/Sao_Paulo Asia/Tokyo Asia/Kolkata".split()
ZONES += "Asia/Shanghai Africa/Cairo Africa/Lagos Australia/Sydney Pacific/Auckland Etc/UTC Etc/GMT+3 GMT+0200 UTC EST5EDT".split()


def code(r: random.Random) -> str:
    return r.choice([polyline, polyline, service_id, service_id, postcode, instance, locale, locale])(r)


def polyline(r: random.Random) -> str:
    """Encoded Polyline Algorithm Format: differences of hundred-thousandths of a degree, five bits a character, 63 added."""
    out = []
    for step in range(2 * r.randint(2, 60)):
        size = 9_000_000 if step < 2 else r.choice([90, 900, 9_000])
        value = r.randint(-size, size)
        value = ~(value << 1) if value < 0 else value << 1
        while value >= 0x20:
            out.append(chr((value & 0x1F | 0x20) + 63))
            value >>= 5
        out.append(chr(value + 63))
    return "".join(out)


def service_id(r: random.Random) -> str:
    # As base64 or hexadecimal digits some begin as serialised objects do.
    begin = r.choice(["", "", "ed", "ed0", "rO0", "R00"])
    hexadecimal = r.choice(PREFIXES) + (begin if begin.startswith("ed") else "") + r.randbytes(16).hex()
    return r.choice(
        [
            hexadecimal[:34],
            r.choice("TUCWDGBFA") + "".join(r.choice(CODES) for _ in range(r.randint(8, 10))),
            begin.upper() + "".join(r.choice(CODES) for _ in range(r.randint(6, 14))),
            f"skd://{r.randbytes(4).hex()}-{r.randbytes(2).hex()}-4{r.randbytes(2).hex()[1:]}-a{r.randbytes(2).hex()[1:]}-{r.randbytes(6).hex()}",
        ]
    )


def postcode(r: random.Random) -> str:
    a, b, c, d = (r.choice(LETTERS) for _ in range(4))
    n = r.randint(1000, 9999)
    return r.choice(
        [f"{n} {a}{b}", f"{n} {r.choice(['AN', 'OR', 'IN', 'IS', 'AS', 'BY'])}", f"{n}{a}{b}", f"{a}{b}{n % 30} {n % 9}{c}{d}"]
        + [f"{a}{n % 10}{b} {n % 9}{c}{n % 7}", f"{n % 100:02}-{n % 997:03}", f"{a}-{n}", f"{n % 1000:03} {n % 97:02}"]
    )


def instance(r: random.Random) -> str:
    """What is watched and at which port, as alerts and metrics name it."""
    host = r.choice([f"{r.randint(20, 223)}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}", f"node-{r.randint(1, 99)}"])
    return f"{host}:{r.choice([9090, 9093, 9100, 9115, 9187, 9216, 9256, 8080, 8443])}"


def locale(r: random.Random) -> str:
    """BCP 47 and what is written instead of it, alone and as `Accept-Language` lists them; IANA's zones of time."""
    tag = f"{r.choice(LANGUAGES)}{r.choice(['', '', '', '-Latn', '-Hant'])}-{r.choice(REGIONS)}"
    lists = f"{tag},{tag[:2]};q=0.{r.randint(5, 9)}"
    return r.choice([tag, tag, tag, tag.replace("-", "_"), tag.lower(), tag[:2], lists, f"{lists},en;q=0.3", r.choice(ZONES)])
