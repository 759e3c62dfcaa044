"""The screen's sums and worst windows, for values of any length, as the filter computes them (NumPy, integers)."""

import numpy as np

from screen import FOLD, MULTIPLIER, STEPS

WINDOW_BYTES = 256
CONTEXT_BYTES = 8


def step_weights(weights: np.ndarray, text: bytes) -> np.ndarray:
    """int64 [len + 1]: the sum of the weights of the n-grams that each step completes."""
    bits = int(np.log2(len(weights)))
    b = FOLD[np.frombuffer(text + b"\0", np.uint8)]
    total, word = np.zeros(len(b), np.int64), np.zeros(len(b), np.uint32)
    for k in range(4):
        shifted = np.concatenate([np.zeros(k, np.uint32), b])[: len(b)]
        word = word | (shifted << np.uint32(8 * k))
        gram = word ^ np.uint32(0x5BD1E995) if k == 3 else word | np.uint32((k + 1) << 24)
        total += weights[(gram * MULTIPLIER) >> np.uint32(32 - bits)]
    return total


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
    if gain[best] <= 0:
        return (0, *widen(len(text), 0, 0))
    first = max(0, best + 1 - STEPS)
    start = first + int((sums[first : best + 1] == floor[best]).nonzero()[0][-1])
    return (int(gain[best]), *widen(len(text), max(0, start - 3), min(best + 1, len(text))))


def widen(length: int, start: int, end: int) -> tuple[int, int]:
    context = min(CONTEXT_BYTES, (WINDOW_BYTES - (end - start)) // 2)
    return max(0, start - context), min(length, end + context)
