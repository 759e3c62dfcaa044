"""The screen: one weight for each hashed byte 1- to 4-gram; a value scores by its worst run of steps.

The very sums of `filter/screen/worst-window.ts`, which tests hold to this file's weights. One thread of NumPy, so one
seed gives one result.
"""

import struct

import numpy as np

from adam import Adam

TABLE_BITS = 19
MULTIPLIER = np.uint32(0x9E3779B1)
STEPS = 253
BUCKETS = (16, 32, 48, 64, 96, 128, 192, 254)
BATCH = 512
WHOLE_EPOCHS = 2  # on whole sums: a start for the worst runs
RATE, RATE_HALVED_AFTER = 0.02, 4000
DECAY = 1e-6

FOLD = np.arange(256, dtype=np.uint32)
FOLD[65:91] |= 0x20
FOLD[48:58] = 0x30


def pieces(text: bytes) -> list[bytes]:
    """A value as training sees it: whole, or its first and last piece."""
    return [text] if len(text) <= STEPS else [text[:STEPS], text[-STEPS:]]


def pack(texts: list[bytes], length: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [N, length] of bytes, zeros behind; bool [N, length] of steps, the closing zero counted."""
    out = np.zeros((len(texts), length), np.uint8)
    for i, text in enumerate(texts):
        out[i, : len(text)] = np.frombuffer(text, np.uint8)
    return out, np.arange(length)[None, :] < np.array([[len(t) + 1] for t in texts])


def hashes(bytes_: np.ndarray, bits: int = TABLE_BITS) -> np.ndarray:
    """uint8 [N, L] -> table indices [N, L, 4] of the n-grams that end at each byte."""
    b = FOLD[bytes_]
    word, out = np.zeros_like(b), np.empty((*b.shape, 4), np.int32)
    for k in range(4):
        word[:, k:] |= b[:, : b.shape[1] - k] << np.uint32(8 * k)
        gram = word ^ np.uint32(0x5BD1E995) if k == 3 else word | np.uint32((k + 1) << 24)
        out[:, :, k] = (gram * MULTIPLIER) >> np.uint32(32 - bits)
    return out


def worst_runs(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Largest run sum of each row of step weights, its first step and one past its last; at most STEPS + 1 steps."""
    sums = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
    floor = np.minimum.accumulate(sums[:, :-1], axis=1)
    gain = sums[:, 1:] - floor
    end = gain.argmax(1)
    rows = np.arange(len(steps))
    start = np.where(np.arange(sums.shape[1])[None, :] <= end[:, None], sums, np.inf).argmin(1)
    return np.maximum(gain[rows, end], 0.0), start, end + 1


def batches(lengths: np.ndarray, rng: np.random.Generator):
    """Index batches of alike lengths: (bucket, indices)."""
    out, low = [], 0
    for bucket in BUCKETS:
        chosen = rng.permutation(np.flatnonzero((lengths < bucket) & (lengths >= low)))
        out += [(bucket, chosen[i : i + BATCH]) for i in range(0, len(chosen), BATCH)]
        low = bucket
    rng.shuffle(out)
    return out


def train(texts: list[bytes], attack: np.ndarray, weight: np.ndarray, epochs: int = 4, seed: int = 1) -> np.ndarray:
    """float32 [1 << TABLE_BITS] of weights in logits."""
    rng = np.random.default_rng(seed)
    parts = [(i, part) for i, text in enumerate(texts) for part in pieces(text)]
    owner = np.array([i for i, _ in parts])
    target = attack[owner].astype(np.float32)
    weight = (weight / weight.mean()).astype(np.float32)[owner]
    lengths = np.array([len(part) for _, part in parts])
    table, bias = np.zeros(1 << TABLE_BITS, np.float32), np.array([-3.0], np.float32)
    of_table, of_bias = Adam(table), Adam(bias)
    for epoch in range(epochs):
        for bucket, chosen in batches(lengths, rng):
            packed, live = pack([parts[i][1] for i in chosen], bucket)
            indices = hashes(packed)
            steps = table[indices].sum(-1) * live
            if epoch < WHOLE_EPOCHS:
                sums, run = steps.sum(1) + 3.0, live
            else:
                sums, start, end = worst_runs(steps)
                position = np.arange(bucket)[None, :]
                run = (position >= start[:, None]) & (position < end[:, None])
            slope = weight[chosen] * (1 / (1 + np.exp(-np.clip(bias + sums, -60, 60))) - target[chosen]) / BATCH
            slopes = np.repeat(np.broadcast_to(slope[:, None], run.shape)[run], 4)
            gradient = np.bincount(indices[run].ravel(), slopes, len(table)).astype(np.float32) + DECAY * 2 * table
            rate = RATE * 0.5 ** (of_table.step / RATE_HALVED_AFTER)
            of_table.update(gradient, rate)
            of_bias.update(slope.sum(keepdims=True), rate)
        print(f"screen: epoch {epoch + 1} of {epochs}", flush=True)
    return table


def quantise(table: np.ndarray) -> tuple[np.ndarray, float]:
    """int8 weights and the logits that one step of them stands for."""
    step = float(np.quantile(np.abs(table[table != 0]), 0.9995)) / 127
    return np.clip(np.rint(table / step), -127, 127).astype(np.int8), step


def screen_bin(weights: np.ndarray, bias: float, scale: float) -> bytes:
    """Layout of `scripts/build/bundle.ts`."""
    return struct.pack("<4sHBBff", b"PSSB", 1, TABLE_BITS, 1, bias, scale) + weights.tobytes()
