"""The model: a window is a bag of hashed byte n-grams, embedded; their mean and maximum are judged by two layers.

Written twice, in NumPy (training) here and as ONNX in `export.py`; `train.py` compares them on real values.
"""

import numpy as np

from classes import CLASSES

LENGTH = 256
PADDING = 256
# n of the n-gram: (rows of its table, a prime; coefficients of the hash, sum of c[j] * byte[j] modulo rows).
# Coefficients are below 2^19: four of them times 256 stay within int32.
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
LOWER = np.arange(257, dtype=np.int32)
LOWER[65:91] += 32
SHAPE = np.where((LOWER >= 48) & (LOWER <= 57), 48, LOWER).astype(np.int32)
FOLDS = {2: SHAPE, 3: SHAPE, 4: LOWER, 5: SHAPE}


def initial(rng: np.random.Generator) -> dict[str, np.ndarray]:
    def dense(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

    # Zeros: an n-gram that training never saw says nothing, as in a linear model.
    tables = {f"table{n}": np.zeros((rows, EMBEDDING), np.float32) for n, (rows, _) in TABLES.items()}
    return tables | {
        "hidden": dense(2 * WIDTH, HIDDEN) * 2,
        "hidden_bias": np.full(HIDDEN, 0.1, np.float32),
        "out": dense(HIDDEN, len(CLASSES)) * np.float32(0.3),
        "out_bias": np.zeros(len(CLASSES), np.float32),
    }


def rows_of(ids: np.ndarray, n: int) -> np.ndarray:
    """int32 [N, L] -> the table row of the n-gram that begins at each byte."""
    size, coefficients = TABLES[n]
    padded = np.pad(FOLDS[n][ids], ((0, 0), (0, n - 1)), constant_values=PADDING)
    return sum(padded[:, j : j + ids.shape[1]] * np.int32(c) for j, c in enumerate(coefficients)) % np.int32(size)


def logits(p: dict[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """int32 [N, L] of byte values, PADDING behind -> [N, classes]. L does not change the result."""
    live = (ids != PADDING)[:, :, None]
    bytes_live = np.maximum(live.sum(1), 1).astype(np.float32)
    embedded = [p[f"table{n}"][rows_of(ids, n)] * live for n in TABLES]
    means = [x.sum(1) / bytes_live for x in embedded]
    largest = [np.maximum(x.max(1), 0) for x in embedded]
    hidden = np.maximum(np.concatenate(largest + means, 1) @ p["hidden"] + p["hidden_bias"], 0)
    return hidden @ p["out"] + p["out_bias"]


def encode(windows: list[bytes], length: int = LENGTH) -> np.ndarray:
    """int32 [N, length]: the model's input."""
    out = np.full((len(windows), length), PADDING, np.int32)
    for i, window in enumerate(windows):
        out[i, : len(window)] = np.frombuffer(window[:length], np.uint8)
    return out


def rounded(p: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, tuple[np.ndarray, float]]]:
    """Parameters with tables of 8 bits a weight, and those tables as (int8 rows, step)."""
    tables = {}
    out = dict(p)
    for n in TABLES:
        table = p[f"table{n}"]
        step = float(np.quantile(np.abs(table), 0.9999, method="higher")) / 127 or 1.0
        whole = np.clip(np.rint(table / step), -127, 127).astype(np.int8)
        tables[f"table{n}"] = (whole, step)
        out[f"table{n}"] = (whole * np.float32(step)).astype(np.float32)
    return out, tables
