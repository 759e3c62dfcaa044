"""Scores for every value by a screen and a model that never saw its source."""

from dataclasses import dataclass

import numpy as np

import calibrate
import fit
import language
from classes import BENIGN
from dataset import FOLDS, Samples, fold_of
from ngrams import lengths_of
from pair import Trained, cut, train_pair
from windows import suspects, worst_windows


@dataclass
class Scored:
    samples: Samples
    sums: np.ndarray  # logits, float
    logits: np.ndarray  # [N, classes]
    edges: np.ndarray  # of the windows, as in `edges_of`
    lengths: np.ndarray  # of the windows, in tokens
    bits: np.ndarray  # a byte: `language.surprisal`

    @property
    def attack(self) -> np.ndarray:
        return np.array(self.samples.label) != BENIGN


def score(trained: Trained, samples: Samples) -> Scored:
    """The screen's largest sum of each value; of its windows that the screen would not clear the one the model likes least."""
    sums, _, _ = worst_windows(trained.weights, samples.text)
    request = np.array(samples.request)
    clear = calibrate.least_asked(sums[request >= 0], request[request >= 0], samples.text_numbers()[request >= 0])
    of, starts, ends = suspects(trained.weights, samples.text, clear)
    windows, edges = cut([samples.text[i] for i in of], starts, ends)
    logits = fit.predict(trained.parameters, windows, edges)
    lengths, kinds = lengths_of(windows, edges), language.numbers_of(samples.kind)
    judged = calibrate.attack_probability(logits, edges, lengths, kinds[of], calibrate.Calibration(1.0, 0.0))
    order = np.lexsort((judged, of))
    worst = order[np.flatnonzero(np.diff(of[order], append=-1))]
    windows, edges, lengths = [windows[i] for i in worst], edges[worst], lengths[worst]
    bits = language.surprisal(trained.parameters["language"], windows, edges)
    return Scored(samples, sums * trained.step, logits[worst], edges, lengths, bits)


def score_fold(samples: Samples, fold: int, screen_epochs: int, model_epochs: int, seed: int) -> Scored:
    """Every value of a fold, scored by what was trained on the other folds."""
    print(f"fold {fold + 1} of {len(FOLDS)}: without {', '.join(FOLDS[fold])}", flush=True)
    inside = [i for i, source in enumerate(samples.source) if fold_of(source) != fold]
    outside = [i for i, source in enumerate(samples.source) if fold_of(source) == fold]
    return score(train_pair(samples.pick(inside), screen_epochs, model_epochs, seed), samples.pick(outside))


def together(parts: list[Scored]) -> Scored:
    """In the folds' order."""
    columns = ("sums", "logits", "edges", "lengths", "bits")
    rows = Samples(*[sum(lists, []) for lists in zip(*[vars(part.samples).values() for part in parts])])
    return Scored(rows, *(np.concatenate([getattr(p, name) for p in parts]) for name in columns))
