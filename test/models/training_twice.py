"""Trains a tiny screen and model twice with one seed, in one process; prints whether they are the same, what they and a
student learnt, and how well they tell apart what they never saw."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import numpy as np

import fit
import held_out
import language
import screen
from classes import BENIGN
from dataset import Samples
from network import BAG
from pair import Trained

benign = [f"order {n} for kim, it's fine".encode() for n in range(300)]
attack = [f"{n}' or {n}={n} --".encode() for n in range(300)]
texts = benign + attack
label = np.array([0] * len(benign) + [1] * len(attack))
weight = np.ones(len(texts))

tables = [screen.quantise(screen.train(texts, label != 0, weight, 3))[0] for _ in range(2)]
edges = np.full(len(texts), 3)
models = [fit.fit(texts, edges, label, weight, 20) for _ in range(2)]
same = bool((tables[0] == tables[1]).all()) and all((models[0][name] == models[1][name]).all() for name in models[0])
logits = fit.predict(models[0], texts, edges)
right = float(((logits.argmax(1) != 0) == (label != 0)).mean())
nothing = np.zeros_like(label)  # labels that call every attack benign: what a student knows of them its teacher said
students = [fit.fit(texts, edges, nothing, weight, 50, 2, taught) for taught in (None, fit.softmax(logits))]
learnt = [float(1 - fit.softmax(fit.predict(each, attack, edges[: len(attack)]))[:, 0].mean()) for each in students]
stable = np.array_equal(models[0]["tables"], BAG.rounded(models[0]["tables"]))
languages = [language.train(benign, edges[: len(benign)], 1, steps=20) for _ in range(2)]
same = same and bool((languages[0] == languages[1]).all())
ordinary = language.surprisal(languages[0], benign, edges[: len(benign)])
strange = language.surprisal(languages[0], [t[::-1] for t in benign], edges[: len(benign)])
unseen = Samples()
for n in range(300, 400):
    unseen.add(f"order {n} for lee, it's fine".encode(), BENIGN, 1, "a shop", "benign", n, "json-string")
    unseen.add(f"{n}' or {n}={n} --".encode(), 1, 1, "a list", "sqli")
table, step = screen.quantise(screen.train(texts, label != 0, weight, 3))
scored = held_out.score(Trained(table, step, models[0] | {"language": languages[0]}), unseen)
apart = float(((scored.logits.argmax(1) != BENIGN) == scored.attack).mean())
print(f"apart {apart:.3f}")
print(f"ordinary {ordinary.max():.2f} strange {strange.min():.2f}")
print(f"learnt {learnt[0]:.3f} {learnt[1]:.3f}")
print(f"same {same} stable {stable} right {right:.3f}")
