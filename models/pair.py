"""Trains a screen and a model: the screen by several seeds, the model taught by models of the other seeds.

Distillation (Hinton et al., 2015): the model that ships, of the first seed, learns half from labels and half from the mean
logits of teachers like it, each with an augmentation, windows and order of its own. No single seed decides, and what ships
is no larger.
"""

from dataclasses import dataclass

import numpy as np

import fit
import language
import screen
from classes import BENIGN
from dataset import Samples, augmented
from network import softmax
from windows import WINDOW_BYTES, edges_of, suspects, worst_windows

LONG = 1024  # bytes of a value from which all its suspicious windows are trained on
SUSPICIOUS = 0.9  # of benign values a smaller sum is ordinary
SEEDS = 3  # a run's sum is linear in the weights: the mean of their screens is one screen


@dataclass
class Trained:
    weights: np.ndarray  # int8
    step: float  # logits that one step of a weight stands for
    parameters: dict[str, np.ndarray]


@dataclass
class Windows:
    """Parallel. `edges` as in `edges_of`."""

    bytes: list[bytes]
    edges: np.ndarray
    label: np.ndarray
    weight: np.ndarray


def train_pair(samples: Samples, screen_epochs: int, model_epochs: int, seed: int) -> Trained:
    trainings = {each: augmented(samples, each) for each in range(seed, seed + SEEDS)}
    print(f"training on {len(trainings[seed])} values and as many of {SEEDS - 1} further seeds", flush=True)
    tables = [screen_table(training, screen_epochs, each) for each, training in trainings.items()]
    weights, step = screen.quantise(np.mean(tables, axis=0))
    own = windows_of(weights, trainings.pop(seed), seed)
    teachers = []
    for each, training in trainings.items():
        teachers.append(train_model(windows_of(weights, training, each), model_epochs, each))
    taught = softmax(np.mean([fit.predict(teacher, own.bytes, own.edges) for teacher in teachers], axis=0))
    parameters = train_model(own, model_epochs, seed, taught)
    benign = np.flatnonzero(own.label == BENIGN)
    parameters["language"] = language.train([own.bytes[i] for i in benign], own.edges[benign], seed)
    return Trained(weights, step, parameters)


def train_model(windows: Windows, epochs: int, seed: int, taught: np.ndarray | None = None) -> dict[str, np.ndarray]:
    return fit.fit(windows.bytes, windows.edges, windows.label, windows.weight, epochs, seed, taught)


def screen_table(training: Samples, epochs: int, seed: int) -> np.ndarray:
    return screen.train(training.text, np.array(training.label) != BENIGN, np.array(training.weight), epochs, seed)


def windows_of(weights: np.ndarray, training: Samples, seed: int) -> Windows:
    of, starts, ends = training_windows(weights, training, np.random.default_rng(seed))
    windows, edges = cut([training.text[i] for i in of], starts, ends)
    return Windows(windows, edges, np.array(training.label)[of], np.array(training.weight)[of])


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
