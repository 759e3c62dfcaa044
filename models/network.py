"""The model: a window is a bag of hashed byte n-grams, embedded; their mean and maximum are judged by two layers.

Written twice, in NumPy and Numba (training) here and as ONNX in `export.py`; `train.py` compares them on real values.
"""

import numpy as np
from numba import njit

from classes import CLASSES
from ngrams import LOWER, PADDING, SHAPE, Tables, row_of, tokens_of

WINDOW = 258  # columns of a window: 256 bytes between both marks
LENGTH = WINDOW + 1  # of the model's input: behind the window, VALUE_LENGTH + the class of its value's length
VALUE_LENGTH = 259
# Digits told apart only where addresses are long enough to be recognised.
BAG = Tables({5: 32768, 4: 32768, 3: 32768, 2: 16384}, {5: SHAPE, 4: LOWER, 3: SHAPE, 2: SHAPE}, seed=1)
EMBEDDING = 16
WIDTH = EMBEDDING * len(BAG.grams)
HIDDEN = 64


def initial(rng: np.random.Generator) -> dict[str, np.ndarray]:
    def dense(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

    return {
        # Zeros: an n-gram that training never saw says nothing, as in a linear model.
        "tables": np.zeros((BAG.rows, EMBEDDING), np.float32),
        "hidden": dense(2 * WIDTH, HIDDEN) * 2,
        "hidden_bias": np.full(HIDDEN, 0.1, np.float32),
        "out": dense(HIDDEN, len(CLASSES)) * np.float32(0.3),
        "out_bias": np.zeros(len(CLASSES), np.float32),
    }


@njit(cache=True)
def look_up(shares, grams, flat, begins, chosen, keep, rows) -> None:
    """`rows` [tokens of the batch, grams]: of the n-grams that end at each token; -1 where `keep`, one flag for each, is not set."""
    at = 0
    for i in chosen:
        tokens = flat[begins[i] : begins[i + 1]]
        for position in range(len(tokens)):
            for table in range(len(grams)):
                rows[at, table] = row_of(shares, grams, tokens, position, table) if keep[at] else -1
            at += 1


@njit(cache=True)
def pool(tables, rows, lengths, pooled, where) -> None:
    """`pooled` [N, 2 WIDTH]: positive maximum, then mean; `where` [N, WIDTH]: the rows of the maxima, -1 for none.

    `lengths`: tokens of each window. Those left out of `rows` count in the mean's length only.
    """
    begin = 0
    for n, length in enumerate(lengths):
        pooled[n] = 0
        where[n] = -1
        for at in range(begin, begin + length):
            if rows[at, 0] >= 0:
                for table in range(rows.shape[1]):
                    row, first = rows[at, table], table * EMBEDDING
                    for e in range(EMBEDDING):
                        pooled[n, WIDTH + first + e] += tables[row, e]
                    for e in range(EMBEDDING):
                        if tables[row, e] > pooled[n, first + e]:
                            pooled[n, first + e] = tables[row, e]
                            where[n, first + e] = row
        for column in range(WIDTH, 2 * WIDTH):
            pooled[n, column] /= max(1, length)
        begin += length


@njit(cache=True)
def unpool(gradient, rows, lengths, of_pooled, where) -> None:
    """Adds what `pool` passes back to the gradient of the tables."""
    begin = 0
    of_mean = np.zeros(WIDTH, np.float32)
    for n, length in enumerate(lengths):
        for column in range(WIDTH):
            of_mean[column] = of_pooled[n, WIDTH + column] / max(1, length)
            if where[n, column] >= 0:
                gradient[where[n, column], column % EMBEDDING] += of_pooled[n, column]
        for at in range(begin, begin + length):
            if rows[at, 0] >= 0:
                for table in range(rows.shape[1]):
                    of_row = gradient[rows[at, table]]
                    for e in range(EMBEDDING):
                        of_row[e] += of_mean[table * EMBEDDING + e]
        begin += length


def softmax(z: np.ndarray) -> np.ndarray:
    """Of [N, classes] of logits."""
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def encode(windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """int32 [N, LENGTH]: the model's input."""
    out = np.full((len(windows), LENGTH), PADDING, np.int32)
    flat, begins = tokens_of(windows, edges)
    for row, begin, end in zip(out, begins, begins[1:]):
        row[: end - begin] = flat[begin:end]
    out[:, WINDOW] = VALUE_LENGTH + (edges >> 2)
    return out
