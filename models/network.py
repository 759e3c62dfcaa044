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
def pool(tables, shares, grams, flat, begins, chosen, keep, pooled, where) -> None:
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
                for at in range(len(grams)):
                    row = row_of(shares, grams, tokens, position, at)
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
def unpool(gradient, shares, grams, flat, begins, chosen, keep, of_pooled, where) -> None:
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
                for at in range(len(grams)):
                    row = row_of(shares, grams, tokens, position, at)
                    for e in range(EMBEDDING):
                        gradient[row, e] += of_mean[at * EMBEDDING + e]
        kept += len(tokens)


def encode(windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """int32 [N, LENGTH]: the model's input."""
    out = np.full((len(windows), LENGTH), PADDING, np.int32)
    flat, begins = tokens_of(windows, edges)
    for row, begin, end in zip(out, begins, begins[1:]):
        row[: end - begin] = flat[begin:end]
    out[:, WINDOW] = VALUE_LENGTH + (edges >> 2)
    return out
