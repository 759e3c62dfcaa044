"""Trains the model on labelled windows, its gradients written out. One thread of NumPy: one seed gives one result."""

import numpy as np
from scipy.sparse import csr_matrix

from adam import Adam
from classes import BENIGN, UNCLASSED
from network import EMBEDDING, LENGTH, PADDING, TABLES, encode, initial, logits, rounded, rows_of

BUCKETS = (16, 32, 48, 64, 96, 128, 192, LENGTH)
BATCH = 512
KEPT_POSITIONS = 0.75
LABEL_SMOOTHING = 0.01
RATE, WARM_UP, DECAY = 2e-3, 0.2, 5e-2
LARGEST_NORM = 1.0
CLASS_SHARE = 0.3


def slopes(z: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """d loss / d logits, and the loss: cross-entropy of attack against benign, and of the class where there is one."""
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
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


def gradients(p: dict, ids: np.ndarray, keep: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[dict, float]:
    live = ids != PADDING
    seen, share = live & keep, (1 / np.maximum(live.sum(1), 1)).astype(np.float32)
    samples = len(ids)
    rows, means, largest, where = {}, [], [], {}
    for n, (size, _) in TABLES.items():
        rows[n] = rows_of(ids, n)
        x = p[f"table{n}"][rows[n]] * seen[:, :, None]
        where[n] = x.argmax(1)
        largest.append(np.take_along_axis(x, where[n][:, None], 1)[:, 0])
        means.append(x.sum(1) * share[:, None])
    pooled = np.concatenate([np.maximum(m, 0) for m in largest] + means, 1)
    before = pooled @ p["hidden"] + p["hidden_bias"]
    hidden = np.maximum(before, 0)
    slope, loss = slopes(hidden @ p["out"] + p["out_bias"], label, weight)
    out = {"out": hidden.T @ slope, "out_bias": slope.sum(0)}
    of_hidden = (slope @ p["out"].T) * (before > 0)
    out |= {"hidden": pooled.T @ of_hidden, "hidden_bias": of_hidden.sum(0)}
    of_pooled = of_hidden @ p["hidden"].T
    counts = seen.sum(1)
    begin = np.concatenate([[0], np.cumsum(counts)])
    for at, (n, (size, _)) in enumerate(TABLES.items()):
        columns = slice(at * EMBEDDING, (at + 1) * EMBEDDING)
        of_mean = of_pooled[:, len(TABLES) * EMBEDDING :][:, columns]
        bag = csr_matrix((np.repeat(share, counts), rows[n][seen], begin), shape=(samples, size))
        table = bag.T @ of_mean
        of_largest = of_pooled[:, columns] * (largest[at] > 0)
        hit = np.take_along_axis(rows[n], where[n], 1) * EMBEDDING + np.arange(EMBEDDING)
        table += np.bincount(hit.ravel(), of_largest.ravel(), size * EMBEDDING).reshape(size, EMBEDDING)
        out[f"table{n}"] = table.astype(np.float32)
    return out, loss


def fit(windows: list[bytes], label: np.ndarray, weight: np.ndarray, epochs: int, seed: int = 1):
    rng = np.random.default_rng(seed)
    lengths = np.array([len(w) for w in windows])
    weight = (weight / weight.mean()).astype(np.float32)
    parameters = initial(rng)
    optimizers = {name: Adam(values) for name, values in parameters.items()}
    plans = [plan_epoch(lengths, rng) for _ in range(epochs)]
    done, steps = 0, sum(map(len, plans))
    for epoch, plan in enumerate(plans):
        total = 0.0
        for bucket, chosen in plan:
            ids = encode([windows[i] for i in chosen], bucket)
            keep = rng.random(ids.shape, np.float32) < KEPT_POSITIONS
            found, loss = gradients(parameters, ids, keep, label[chosen], weight[chosen])
            norm = np.sqrt(sum(float((g * g).sum()) for g in found.values()))
            rate = RATE * one_cycle(done / steps)
            for name, gradient in found.items():
                optimizers[name].update(gradient * np.float32(min(1.0, LARGEST_NORM / (norm + 1e-9))), rate, DECAY)
            total, done = total + loss, done + 1
        print(f"model: epoch {epoch + 1} of {epochs}, loss {total / len(plan):.4f}", flush=True)
    return rounded(parameters)[0]


def one_cycle(progress: float) -> float:
    """0 to 1 and back along a cosine; the top is at WARM_UP."""
    if progress < WARM_UP:
        return 0.5 - 0.5 * float(np.cos(np.pi * (progress + 0.01) / (WARM_UP + 0.01)))
    return 0.5 + 0.5 * float(np.cos(np.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def plan_epoch(lengths: np.ndarray, rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
    """Batches of alike lengths, in random order."""
    out, low = [], -1
    for bucket in BUCKETS:
        chosen = rng.permutation(np.flatnonzero((lengths <= bucket) & (lengths > low)))
        out += [(bucket, chosen[i : i + BATCH]) for i in range(0, len(chosen), BATCH)]
        low = bucket
    return [out[i] for i in rng.permutation(len(out))]


def predict(parameters, windows: list[bytes]) -> np.ndarray:
    """[N, classes] of logits."""
    out = np.zeros((len(windows), parameters["out_bias"].shape[0]), np.float32)
    lengths = np.array([len(w) for w in windows])
    for bucket, chosen in plan_epoch(lengths, np.random.default_rng(0)):
        out[chosen] = logits(parameters, encode([windows[i] for i in chosen], bucket))
    return out
