"""Trains the model on labelled windows, its gradients written out. One thread: one seed gives one result."""

import numpy as np

from adam import Adam
from classes import BENIGN, CLASSES, UNCLASSED
from network import BAG, WIDTH, initial, look_up, pool, softmax, unpool
from ngrams import tokens_of

BATCH = 512
PREDICTED = 4096  # windows at a time, for the memory that they take
KEPT_POSITIONS = 0.75
LABEL_SMOOTHING = 0.01
RATE, WARM_UP, DECAY = 2e-3, 0.2, 5e-2
LARGEST_NORM = 1.0
CLASS_SHARE = 0.3
TAUGHT = 0.5  # share of what teachers say in what a student learns from; labels have the rest


def slopes(z: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """d loss / d logits, and the loss: cross-entropy of attack against benign, and of the class where there is one."""
    p = softmax(z)
    attack = np.maximum(1 - p[:, BENIGN], 1e-7)
    is_attack = label != BENIGN
    target = np.where(is_attack, 1 - LABEL_SMOOTHING, LABEL_SMOOTHING / 10).astype(np.float32)
    within = p / attack[:, None]  # share of each class among the attacks
    within[:, BENIGN] = 0
    slope = p - target[:, None] * within
    slope[:, BENIGN] -= 1 - target
    classed = is_attack & (label != UNCLASSED)
    true = np.maximum(label, 0)
    of_class = within.copy()
    of_class[np.arange(len(z)), true] -= 1
    slope += CLASS_SHARE * np.where(classed[:, None], of_class, 0)
    binary = -(target * np.log(attack) + (1 - target) * np.log(np.maximum(p[:, BENIGN], 1e-7)))
    named = -np.log(np.maximum(within[np.arange(len(z)), true], 1e-7))
    loss = float((weight * (binary + CLASS_SHARE * np.where(classed, named, 0))).mean())
    return (slope * (weight / len(z))[:, None]).astype(np.float32), loss


class Pooled:
    """What `pool` gives for a batch of windows."""

    def __init__(self, tables, flat, begins, chosen, keep) -> None:
        self.lengths = begins[chosen + 1] - begins[chosen]
        self.rows = np.empty((len(keep), len(BAG.grams)), np.int32)
        look_up(BAG.shares, BAG.grams, flat, begins, chosen, keep, self.rows)
        self.values = np.zeros((len(chosen), 2 * WIDTH), np.float32)
        self.where = np.zeros((len(chosen), WIDTH), np.int64)
        pool(tables, self.rows, self.lengths, self.values, self.where)


def fit(
    windows: list[bytes],
    edges: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    epochs: int,
    seed: int = 1,
    taught: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """`edges` as in `edges_of`; `taught`: probabilities [N, classes] by teachers."""
    rng = np.random.default_rng(seed)
    flat, begins = tokens_of(windows, edges)
    weight = (weight / weight.mean()).astype(np.float32)
    p = initial(rng)
    optimizers = {name: Adam(values) for name, values in p.items()}
    found = {name: np.zeros_like(values) for name, values in p.items()}
    done, steps = 0, epochs * -(-len(windows) // BATCH)
    for epoch in range(epochs):
        order, total = rng.permutation(len(windows)), 0.0
        for chosen in np.split(order, range(BATCH, len(order), BATCH)):
            keep = rng.random((begins[chosen + 1] - begins[chosen]).sum(), np.float32) < KEPT_POSITIONS
            pooled = Pooled(p["tables"], flat, begins, chosen, keep)
            before = pooled.values @ p["hidden"] + p["hidden_bias"]
            hidden = np.maximum(before, 0)
            z = hidden @ p["out"] + p["out_bias"]
            slope, loss = slopes(z, label[chosen], weight[chosen])
            if taught is not None:
                towards = (softmax(z) - taught[chosen]) * (weight[chosen] / len(z))[:, None]
                slope = (1 - TAUGHT) * slope + TAUGHT * towards.astype(np.float32)
            of_hidden = (slope @ p["out"].T) * (before > 0)
            found |= {"out": hidden.T @ slope, "out_bias": slope.sum(0)}
            found |= {"hidden": pooled.values.T @ of_hidden, "hidden_bias": of_hidden.sum(0)}
            found["tables"][:] = 0
            of_pooled = of_hidden @ p["hidden"].T
            unpool(found["tables"], pooled.rows, pooled.lengths, of_pooled, pooled.where)
            norm = np.sqrt(sum(float(np.vdot(g, g)) for g in found.values()))
            rate = RATE * one_cycle(done / steps)
            for name, gradient in found.items():
                optimizers[name].update(gradient, rate, DECAY, min(1.0, LARGEST_NORM / (norm + 1e-9)))
            total, done = total + loss, done + 1
        print(f"model: epoch {epoch + 1} of {epochs}, loss {total * epochs / steps:.4f}", flush=True)
    return p | {"tables": BAG.rounded(p["tables"])}


def one_cycle(progress: float) -> float:
    """0 to 1 and back along a cosine; the top is at WARM_UP."""
    if progress < WARM_UP:
        return 0.5 - 0.5 * float(np.cos(np.pi * (progress + 0.01) / (WARM_UP + 0.01)))
    return 0.5 + 0.5 * float(np.cos(np.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def predict(p, windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """[N, classes] of logits."""
    flat, begins = tokens_of(windows, edges)
    parts = [np.zeros((0, len(CLASSES)), np.float32)]
    for first in range(0, len(windows), PREDICTED):
        chosen = np.arange(first, min(first + PREDICTED, len(windows)))
        keep = np.ones(begins[chosen[-1] + 1] - begins[first], np.bool_)
        pooled = Pooled(p["tables"], flat, begins, chosen, keep).values
        parts.append(np.maximum(pooled @ p["hidden"] + p["hidden_bias"], 0) @ p["out"] + p["out_bias"])
    return np.concatenate(parts)
