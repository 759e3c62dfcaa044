"""The model: a window is a bag of hashed byte n-grams, embedded; their mean and maximum are judged by two layers.

Written twice, in NumPy and Numba (training) here and as ONNX in `export.py`; `train.py` compares them on real values.
"""

import numpy as np
from numba import njit

from classes import CLASSES

PADDING = 256  # behind the window
BEGIN, END = 257, 258  # the value begins, ends with the window
WINDOW = 258  # columns of a window: 256 bytes between both marks
LENGTH = WINDOW + 1  # of the model's input: behind the window, VALUE_LENGTH + the class of its value's length
VALUE_LENGTH = 259
# n of the n-gram: (rows of its table, a prime; coefficients of the hash, sum of c[j] * token[j] modulo rows).
# Coefficients are below 2^19: five of them times 258 stay within int32.
TABLES = {
    2: (16381, (131071, 40503)),
    3: (32749, (354613, 76801, 40127)),
    4: (32749, (275881, 411721, 93187, 20507)),
    5: (32749, (104729, 275881, 411721, 93187, 20507)),
}
EMBEDDING = 16
WIDTH = EMBEDDING * len(TABLES)
HIDDEN = 64

# Letters in lower case; digits told apart only where addresses are long enough to be recognised.
LOWER = np.arange(259, dtype=np.int32)
LOWER[65:91] += 32
SHAPE = np.where((LOWER >= 48) & (LOWER <= 57), 48, LOWER).astype(np.int32)
FOLDS = {2: SHAPE, 3: SHAPE, 4: LOWER, 5: SHAPE}

# The same, as the compiled loops take it: [tables, ...]; rows of all tables one behind the other.
SIZES = np.array([size for size, _ in TABLES.values()])
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])
GRAMS = np.array(list(TABLES))
COEFFICIENTS = np.zeros((len(TABLES), max(TABLES)), np.int64)
for at, (_, coefficients) in enumerate(TABLES.values()):
    COEFFICIENTS[at, : len(coefficients)] = coefficients
ALL_FOLDS = np.stack(list(FOLDS.values()))


def initial(rng: np.random.Generator) -> dict[str, np.ndarray]:
    def dense(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

    return {
        # Zeros: an n-gram that training never saw says nothing, as in a linear model.
        "tables": np.zeros((OFFSETS[-1], EMBEDDING), np.float32),
        "hidden": dense(2 * WIDTH, HIDDEN) * 2,
        "hidden_bias": np.full(HIDDEN, 0.1, np.float32),
        "out": dense(HIDDEN, len(CLASSES)) * np.float32(0.3),
        "out_bias": np.zeros(len(CLASSES), np.float32),
    }


@njit(cache=True)
def row_of(tokens, position: int, at: int) -> int:
    """The row of the n-gram of table `at` that begins at a position."""
    hashed = 0
    for j in range(GRAMS[at]):
        token = tokens[position + j] if position + j < len(tokens) else PADDING
        hashed += COEFFICIENTS[at, j] * ALL_FOLDS[at, token]
    return OFFSETS[at] + hashed % SIZES[at]


@njit(cache=True)
def pool(tables, flat, begins, chosen, keep, pooled, where) -> None:
    """`pooled` [N, 2 WIDTH]: positive maximum, then mean; `where` [N, WIDTH]: the rows of the maxima, -1 for none.

    `keep` has one flag for each token of the batch: the others count in the mean's length only.
    """
    kept = 0
    for n, i in enumerate(chosen):
        tokens = flat[begins[i] : begins[i + 1]]
        pooled[n] = 0
        where[n] = -1
        for position in range(len(tokens)):
            if keep[kept + position]:
                for at in range(len(GRAMS)):
                    row = row_of(tokens, position, at)
                    for e in range(EMBEDDING):
                        x, column = tables[row, e], at * EMBEDDING + e
                        pooled[n, WIDTH + column] += x
                        if x > pooled[n, column]:
                            pooled[n, column] = x
                            where[n, column] = row
        for column in range(WIDTH, 2 * WIDTH):
            pooled[n, column] /= max(1, len(tokens))
        kept += len(tokens)


@njit(cache=True)
def unpool(gradient, flat, begins, chosen, keep, of_pooled, where) -> None:
    """Adds what `pool` passes back to the gradient of the tables."""
    kept = 0
    of_mean = np.zeros(WIDTH, np.float32)
    for n, i in enumerate(chosen):
        tokens = flat[begins[i] : begins[i + 1]]
        for column in range(WIDTH):
            of_mean[column] = of_pooled[n, WIDTH + column] / max(1, len(tokens))
            if where[n, column] >= 0:
                gradient[where[n, column], column % EMBEDDING] += of_pooled[n, column]
        for position in range(len(tokens)):
            if keep[kept + position]:
                for at in range(len(GRAMS)):
                    row = row_of(tokens, position, at)
                    for e in range(EMBEDDING):
                        gradient[row, e] += of_mean[at * EMBEDDING + e]
        kept += len(tokens)


def tokens_of(windows: list[bytes], edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int16, all windows one behind the other, and where each begins. `edges`: 1 value begins, 2 ends with the window."""
    lengths = np.array([len(w) for w in windows]) + (edges & 1) + (edges >> 1 & 1)
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = np.empty(begins[-1], np.int16)
    for window, edge, begin, end in zip(windows, edges, begins, begins[1:]):
        flat[begin + (edge & 1) : end - (edge >> 1 & 1)] = np.frombuffer(window, np.uint8)
        if edge & 1:
            flat[begin] = BEGIN
        if edge & 2:
            flat[end - 1] = END
    return flat, begins


def encode(windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """int32 [N, LENGTH]: the model's input."""
    out = np.full((len(windows), LENGTH), PADDING, np.int32)
    flat, begins = tokens_of(windows, edges)
    for row, begin, end in zip(out, begins, begins[1:]):
        row[: end - begin] = flat[begin:end]
    out[:, WINDOW] = VALUE_LENGTH + (edges >> 2)
    return out


def rounded(p: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[tuple[np.ndarray, float]]]:
    """Parameters with tables of 8 bits a weight, and for each table its (int8 rows, step)."""
    tables, out = [], p | {"tables": p["tables"].copy()}
    for begin, end in zip(OFFSETS, OFFSETS[1:]):
        table = p["tables"][begin:end]
        step = float(np.quantile(np.abs(table), 0.9999, method="higher")) / 127 or 1.0
        whole = np.clip(np.rint(table / step), -127, 127).astype(np.int8)
        tables.append((whole, step))
        out["tables"][begin:end] = whole * np.float32(step)
    return out, tables
