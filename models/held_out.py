"""Scores for every value by a screen and a model that never saw its source."""

from dataclasses import dataclass

import numpy as np

import calibrate
import fit
import language
import screen
from classes import BENIGN
from dataset import FOLDS, Samples, augmented, fold_of
from ngrams import lengths_of
from windows import WINDOW_BYTES, edges_of, suspects, worst_windows

LONG = 1024  # bytes of a value from which all its suspicious windows are trained on
SUSPICIOUS = 0.9  # of benign values a smaller sum is ordinary
SCREENS = 3  # trained by a seed each; sums are linear in the weights, so their mean is one screen that costs no more


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


@dataclass
class Trained:
    weights: np.ndarray  # int8
    step: float  # logits that one step of a weight stands for
    parameters: dict[str, np.ndarray]


def train_pair(samples: Samples, screen_epochs: int, model_epochs: int, seed: int) -> Trained:
    training = augmented(samples, seed)
    attack, weight = np.array(training.label) != BENIGN, np.array(training.weight)
    print(f"training on {len(training)} values, {attack.sum()} of attacks", flush=True)
    tables = [screen_table(training, screen_epochs, seed)]
    for further in range(seed + 1, seed + SCREENS):
        tables.append(screen_table(augmented(samples, further), screen_epochs, further))
    weights, step = screen.quantise(np.mean(tables, axis=0))
    of, starts, ends = training_windows(weights, training, np.random.default_rng(seed))
    windows, edges = cut([training.text[i] for i in of], starts, ends)
    parameters = fit.fit(windows, edges, np.array(training.label)[of], weight[of], model_epochs, seed)
    benign = np.flatnonzero(~attack[of])
    parameters["language"] = language.train([windows[i] for i in benign], edges[benign], seed)
    return Trained(weights, step, parameters)


def screen_table(training: Samples, epochs: int, seed: int) -> np.ndarray:
    return screen.train(training.text, np.array(training.label) != BENIGN, np.array(training.weight), epochs, seed)


def cut(texts: list[bytes], starts: np.ndarray, ends: np.ndarray) -> tuple[list[bytes], np.ndarray]:
    """Windows, and where in its text each lies (`edges_of`)."""
    lengths = np.array([len(text) for text in texts])
    return [t[s:e] for t, s, e in zip(texts, starts, ends)], edges_of(lengths, starts, ends)


def training_windows(
    weights: np.ndarray, training: Samples, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Text, start and end of each. Half as the screen cuts them; half whole attacks and random pieces of benign values.

    On what it was trained on the screen is surer than it will be on anything else: its windows alone would teach the
    model that short ones are benign. Of long benign values all windows that look like few others count.
    """
    sums, starts, ends = worst_windows(weights, training.text)
    benign = np.array(training.label) == BENIGN
    for i, text in enumerate(training.text):
        if rng.random() < 0.5:
            continue
        if not benign[i]:
            starts[i], ends[i] = (0, len(text)) if len(text) <= WINDOW_BYTES else (starts[i], ends[i])
        else:
            size = int(rng.integers(12, WINDOW_BYTES + 1))
            starts[i] = int(rng.integers(0, max(1, len(text) - size + 1)))
            ends[i] = min(len(text), starts[i] + size)
    long = np.array([i for i, text in enumerate(training.text) if benign[i] and len(text) > LONG])
    of, further_starts, further_ends = suspects(
        weights, [training.text[i] for i in long], np.quantile(sums[benign], SUSPICIOUS)
    )
    whole = (np.arange(len(training)), long[of]), (starts, further_starts), (ends, further_ends)
    return tuple(np.concatenate(columns) for columns in whole)


def score(trained: Trained, samples: Samples) -> Scored:
    """The screen's largest sum of each value; of its windows that the screen would not clear the one the model likes least."""
    sums, _, _ = worst_windows(trained.weights, samples.text)
    request = np.array(samples.request)
    clear = calibrate.least_asked(sums[request >= 0], request[request >= 0])
    of, starts, ends = suspects(trained.weights, samples.text, clear)
    windows, edges = cut([samples.text[i] for i in of], starts, ends)
    logits = fit.predict(trained.parameters, windows, edges)
    lengths = lengths_of(windows, edges)
    judged = calibrate.attack_probability(logits, edges, lengths, calibrate.Calibration(1.0, 0.0, 0.0))
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
