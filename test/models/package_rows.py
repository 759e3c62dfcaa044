"""Requests and rows of a package that is made up here, as JSON: `python3 test/models/package_rows.py FOLDER`."""

import io
import json
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import mixed
import published

PACKAGE = "@made/up@1.2.3"
FILES = {
    "examples/order.json": json.dumps({"customer": "Zoë Müller", "lines": [{"sku": "A-17", "note": "it's <b>fragile</b>"}]}),
    "examples/evil-order.json": json.dumps({"customer": "left out by its name", "lines": [1, 2, 3, 4]}),
    "examples/injected.json": json.dumps({"customer": "x", "payload": "1 UNION SELECT password FROM users -- "}),
    "locale/fr.po": 'msgid "Save %(name)s?"\nmsgstr "Enregistrer %(name)s ?"\n\n',
    "tests/cassettes/search.yaml": "interactions:\n- request:\n    body: q=caf%C3%A9\n    headers:\n      Content-Type:\n"
    "      - application/x-www-form-urlencoded\n    method: POST\n    uri: https://api.example.com/v1/search?page=2\n",
    "src/page.html": "<!doctype html>\n<title>A page</title>\n" + "<p>Text of an ordinary page.</p>\n" * 20,
    "src/settings.ini": "[server]\n" + "".join(f"option_{n} = {n * n}\n" for n in range(30)),
    "broken.json": "{",
}


def main() -> None:
    folder = Path(sys.argv[1])
    # A package of another version, and one whose name begins alike, are not taken for it.
    for name in ("made-up-1.2.3.tgz", "made-up-1.2.30.tgz", "made-up-extra-1.2.3.tgz"):
        with tarfile.open(folder / name, "w:gz") as archive:
            for path, text in FILES.items():
                member = tarfile.TarInfo(f"package/{path}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
    twice = [[list(rows(folder, "npm", PACKAGE)) for rows in (published.requests_of, mixed.rows_of)] for _ in range(2)]
    print(json.dumps({"requests": twice[0][0], "texts": twice[0][1], "same": twice[0] == twice[1]}))


if __name__ == "__main__":
    main()
