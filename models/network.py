"""The model: embeddings of hashed byte n-grams, judged in overlapping spans and over the whole window.

Written twice, for JAX (training) here and for ONNX in `export.py`; `train.py` compares them on real values.
"""

import jax
import jax.numpy as jnp
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
}
EMBEDDING = 16
WIDTH = EMBEDDING * len(TABLES)
HIDDEN = 64
BLOCK = 8  # a span is SPAN blocks and begins at each block, the first ones before the window
SPAN = 4

# Letters in lower case; digits told apart only where addresses are long enough to be recognised.
LOWER = np.arange(257, dtype=np.int32)
LOWER[65:91] += 32
SHAPE = np.where((LOWER >= 48) & (LOWER <= 57), 48, LOWER).astype(np.int32)
FOLDS = {2: SHAPE, 3: SHAPE, 4: LOWER}


def initial(seed: int) -> dict[str, jnp.ndarray]:
    keys = iter(jax.random.split(jax.random.key(seed), 12))

    def dense(rows: int, columns: int) -> jnp.ndarray:
        return jax.random.normal(next(keys), (rows, columns)) * np.sqrt(2 / rows)

    # Zeros: an n-gram that training never saw says nothing, as in a linear model.
    tables = {f"table{n}": jnp.zeros((rows, EMBEDDING)) for n, (rows, _) in TABLES.items()}
    return tables | {
        "span1": dense(WIDTH + 1, HIDDEN) * 2,
        "span1_bias": jnp.full(HIDDEN, 0.1),
        "span2": dense(HIDDEN, HIDDEN),
        "span2_bias": jnp.full(HIDDEN, 0.1),
        "hidden": dense(HIDDEN + 2 * WIDTH, HIDDEN),
        "hidden_bias": jnp.full(HIDDEN, 0.1),
        "out": dense(HIDDEN, len(CLASSES)) * 0.1,
        "out_bias": jnp.zeros(len(CLASSES)),
    }


def rows_of(ids: jnp.ndarray, n: int) -> jnp.ndarray:
    """int32 [N, L] -> the table row of the n-gram that begins at each byte."""
    size, coefficients = TABLES[n]
    padded = jnp.pad(jnp.asarray(FOLDS[n])[ids], ((0, 0), (0, n - 1)), constant_values=PADDING)
    return sum(padded[:, j : j + ids.shape[1]] * c for j, c in enumerate(coefficients)) % size


def logits(p: dict[str, jnp.ndarray], ids: jnp.ndarray, keep: jnp.ndarray | None = None) -> jnp.ndarray:
    """int32 [N, L] of byte values, PADDING behind, L a multiple of BLOCK -> [N, classes]. L does not change the result.

    `keep` [N, L] of 0 and 1 leaves positions out while training.
    """
    live = (ids != PADDING).astype(jnp.float32)[:, :, None]
    seen = live if keep is None else live * keep[:, :, None]
    x = jnp.concatenate([p[f"table{n}"][rows_of(ids, n)] for n in TABLES], -1) * seen
    blocks = jnp.concatenate([x, live], -1).reshape(len(ids), -1, BLOCK, WIDTH + 1).sum(2)
    padded = jnp.pad(blocks, ((0, 0), (SPAN - 1, SPAN - 1), (0, 0)))
    spans = sum(padded[:, k : k + blocks.shape[1] + SPAN - 1] for k in range(SPAN)) / (BLOCK * SPAN)
    h = jax.nn.relu(spans @ p["span1"] + p["span1_bias"])
    h = jax.nn.relu(h @ p["span2"] + p["span2_bias"]) * (spans[:, :, WIDTH:] > 0)
    mean = x.sum(1) / jnp.maximum(live.sum(1), 1)
    pooled = jnp.concatenate([h.max(1), jax.nn.relu(x.max(1)), mean], -1)
    hidden = jax.nn.relu(pooled @ p["hidden"] + p["hidden_bias"])
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
        step = float(np.quantile(np.abs(table), 0.9999, method="higher")) / 127
        whole = np.clip(np.rint(table / step), -127, 127).astype(np.int8)
        tables[f"table{n}"] = (whole, step)
        out[f"table{n}"] = (whole * np.float32(step)).astype(np.float32)
    return out, tables
