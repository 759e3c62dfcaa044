"""The screen's sums and worst windows, as the filter computes them (`filter/screen/worst-window.ts`). Compiled by Numba."""

import numpy as np
from numba import njit

WINDOW_BYTES = 256
CONTEXT_BYTES = 8
VALUE_LENGTHS = [64, 256, 1024, 4096, 16384]  # bytes of the longest value of each class but the last
STEPS = WINDOW_BYTES - 3  # of the longest run
RING = 256
MAX_DEPTH = 5  # windows beside windows beside the worst: more than the filter asks of one value

FOLD = np.arange(256, dtype=np.uint32)
FOLD[65:91] |= 0x20
FOLD[48:58] = 0x30


def pack(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """All bytes one behind the other; where each text begins, and the end of the last."""
    begins = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    return np.frombuffer(b"".join(texts), np.uint8), begins


@njit(cache=True)
def indices_at(last4: np.uint32, shift: np.uint32):
    """Table indices of the 1- to 4-grams that end with the last byte of `last4` (newest byte lowest)."""
    multiplier = np.uint32(0x9E3779B1)
    one = np.uint32((last4 & np.uint32(0xFF)) | np.uint32(0x01000000)) * multiplier
    two = np.uint32((last4 & np.uint32(0xFFFF)) | np.uint32(0x02000000)) * multiplier
    three = np.uint32((last4 & np.uint32(0xFFFFFF)) | np.uint32(0x03000000)) * multiplier
    four = np.uint32(last4 ^ np.uint32(0x5BD1E995)) * multiplier
    return (
        np.uint32(one) >> shift,
        np.uint32(two) >> shift,
        np.uint32(three) >> shift,
        np.uint32(four) >> shift,
    )


@njit(cache=True)
def next4(last4: np.uint32, text: np.ndarray, position: int) -> np.uint32:
    """Behind the last byte stands one closing zero."""
    byte = FOLD[text[position]] if position < len(text) else np.uint32(0)
    return np.uint32(np.uint32(last4 << np.uint32(8)) | byte)


@njit(cache=True)
def worst_run(weights: np.ndarray, text: np.ndarray, shift: np.uint32):
    """Largest sum of weights over any run of at most STEPS steps, at least 0; its first step and one past its last."""
    sums, positions = np.zeros(RING, np.float64), np.zeros(RING, np.int64)
    best, begin, end = 0.0, 0, 0
    head, tail, total = 0, 1, 0.0
    last4 = np.uint32(0)
    for position in range(1, len(text) + 2):
        last4 = next4(last4, text, position - 1)
        one, two, three, four = indices_at(last4, shift)
        total += (
            np.float64(weights[one]) + np.float64(weights[two]) + np.float64(weights[three]) + np.float64(weights[four])
        )
        if positions[head % RING] < position - STEPS:
            head += 1
        if total <= sums[head % RING]:
            sums[head % RING], positions[head % RING], tail = total, position, head + 1
            continue
        if total - sums[head % RING] > best:
            best, begin, end = total - sums[head % RING], positions[head % RING], position
        while tail - 1 > head and sums[(tail - 1) % RING] >= total:
            tail -= 1
        sums[tail % RING], positions[tail % RING] = total, position
        tail += 1
    return best, begin, end


@njit(cache=True)
def placed(length: int, begin: int, end: int):
    """First and last byte of the window of a run: its n-grams' bytes, with a little context."""
    begin, end = max(0, begin - 3), min(end, length)
    context = min(CONTEXT_BYTES, (WINDOW_BYTES - (end - begin)) >> 1)
    return max(0, begin - context), min(length, end + context)


@njit(cache=True)
def find(weights, flat, begins, shift, sums, starts, ends) -> None:
    for i in range(len(begins) - 1):
        text = flat[begins[i] : begins[i + 1]]
        sums[i], begin, end = worst_run(weights, text, shift)
        starts[i], ends[i] = placed(len(text), begin, end)


def worst_windows(weights: np.ndarray, texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum, start and end of the worst window of each text, at most WINDOW_BYTES: what the filter sends."""
    flat, begins = pack(texts)
    sums = np.zeros(len(texts))
    starts, ends = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    find(weights, flat, begins, np.uint32(32 - (len(weights) - 1).bit_length()), sums, starts, ends)
    return sums, starts, ends


def edges_of(lengths: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """1 where a window begins with its value, plus 2 where it ends with it, plus 4 times the class of the value's length."""
    return (starts == 0) + 2 * (ends == lengths) + 4 * np.searchsorted(VALUE_LENGTHS, lengths)


def suspects(weights: np.ndarray, texts: list[bytes], clear: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Text, start and end of each window that the filter asks about (`filter/suspects.ts`).

    The worst of each text, and where its sum reaches `clear` also those of what stands before and behind it that do.
    """
    found = []
    of, begins, parts = np.arange(len(texts)), np.zeros(len(texts), np.int64), texts
    for depth in range(MAX_DEPTH):
        sums, starts, ends = worst_windows(weights, parts)
        asked = np.flatnonzero(sums >= clear)
        kept = asked if depth > 0 else np.arange(len(texts))
        found.append((of[kept], (begins + starts)[kept], (begins + ends)[kept]))
        further = []
        for i in asked:
            if starts[i] > 0:
                further.append((of[i], begins[i], parts[i][: starts[i] + CONTEXT_BYTES]))
            if ends[i] < len(parts[i]):
                from_ = ends[i] - CONTEXT_BYTES
                further.append((of[i], begins[i] + from_, parts[i][from_:]))
        if not further:
            break
        of, begins = (np.array(column) for column in zip(*(f[:2] for f in further)))
        parts = [f[2] for f in further]
    of, starts, ends = (np.concatenate(column) for column in zip(*found))
    return of, starts, ends
