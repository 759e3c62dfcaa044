"""The screen's sums and worst windows, for values of any length, as the filter computes them (NumPy, integers)."""

import numpy as np

from screen import BATCH, BUCKETS, STEPS, hashes, pack

WINDOW_BYTES = 256
CONTEXT_BYTES = 8


def worst_windows(weights: np.ndarray, texts: list[bytes]) -> list[tuple[int, bytes]]:
    """The sum and the bytes of the worst run of each text, with a little context: what the filter sends."""
    out: list[tuple[int, bytes]] = [(0, b"")] * len(texts)
    lengths = np.array([len(text) for text in texts])
    low = 0
    for bucket in BUCKETS:
        chosen = np.flatnonzero((lengths < bucket) & (lengths >= low))
        for i in range(0, len(chosen), BATCH):
            batch = chosen[i : i + BATCH]
            for index, (total, start, end) in zip(batch, of_alike(weights, [texts[j] for j in batch], bucket)):
                out[index] = (total, texts[index][start:end])
        low = bucket
    for index in np.flatnonzero(lengths >= low):
        total, start, end = worst_window(weights, texts[index])
        out[index] = (total, texts[index][start:end])
    return out


def of_alike(weights: np.ndarray, texts: list[bytes], length: int) -> list[tuple[int, int, int]]:
    """(sum, start, end) of texts shorter than `length`, which is at most STEPS + 1."""
    packed, live = pack(texts, length)
    steps = weights.astype(np.int64)[hashes(packed, int(np.log2(len(weights))))].sum(-1) * live
    sums = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
    floor = np.minimum.accumulate(sums[:, :-1], axis=1)
    gain = np.where(live, sums[:, 1:] - floor, -1)
    best = gain.argmax(1)
    rows = np.arange(len(texts))
    at_floor = (sums[:, :-1] == floor[rows, best][:, None]) & (np.arange(length)[None, :] <= best[:, None])
    start = length - 1 - at_floor[:, ::-1].argmax(1)
    return [
        placed(len(text), int(gain[row, best[row]]), int(start[row]), int(best[row]) + 1)
        for row, text in enumerate(texts)
    ]


def step_weights(weights: np.ndarray, text: bytes) -> np.ndarray:
    """int64 [len + 1]: the sum of the weights of the n-grams that each step completes."""
    packed, _ = pack([text], len(text) + 1)
    return weights[hashes(packed, int(np.log2(len(weights))))[0]].astype(np.int64).sum(-1)


def worst_window(weights: np.ndarray, text: bytes) -> tuple[int, int, int]:
    """(sum, start, end) of the worst run, with a little context: a window of at most WINDOW_BYTES."""
    sums = np.concatenate([[0], np.cumsum(step_weights(weights, text))])
    if len(sums) <= STEPS + 1:
        floor = np.minimum.accumulate(sums)[:-1]
    else:
        padded = np.concatenate([np.full(STEPS - 1, np.iinfo(np.int64).max), sums[:-1]])
        floor = np.lib.stride_tricks.sliding_window_view(padded, STEPS).min(axis=1)
    gain = sums[1:] - floor
    best = int(gain.argmax())
    first = max(0, best + 1 - STEPS)
    start = first + int((sums[first : best + 1] == floor[best]).nonzero()[0][-1])
    return placed(len(text), int(gain[best]), start, best + 1)


def placed(length: int, total: int, start: int, end: int) -> tuple[int, int, int]:
    """Bytes of a run of steps, with context; of no run the first bytes."""
    if total <= 0:
        total, start, end = 0, 0, 0
    else:
        start, end = max(0, start - 3), min(end, length)
    context = min(CONTEXT_BYTES, (WINDOW_BYTES - (end - start)) // 2)
    return total, max(0, start - context), min(length, end + context)
