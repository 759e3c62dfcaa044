"""Hashed n-grams of tokens: which row of an embedding table stands for the n-gram that ends at a position.

Tabulation hashing (Zobrist, 1970): a token has a random share for each place in an n-gram, and the row is the exclusive or
of the shares. In ONNX that is one look-up for each place, for all tables at once, and no division.
"""

import numpy as np
from numba import njit

PADDING = 256  # behind the window, and before it where an n-gram begins there
BEGIN, END = 257, 258  # the value begins, ends with the window
TOKENS = 259

# Letters in lower case; and every digit as `0`, too.
LOWER = np.arange(TOKENS, dtype=np.int32)
LOWER[65:91] += 32
SHAPE = np.where((LOWER >= 48) & (LOWER <= 57), 48, LOWER).astype(np.int32)


class Tables:
    """Tables of rows one behind the other, one for each length of n-gram."""

    def __init__(self, sizes: dict[int, int], folds: dict[int, np.ndarray], seed: int) -> None:
        """`sizes`: of the n-grams of n tokens, a power of two, the larger first; `folds`: what is told apart."""
        self.grams = np.array(list(sizes))
        self.offsets = np.concatenate([[0], np.cumsum(list(sizes.values()))])
        self.rows = int(self.offsets[-1])
        # int32 [longest, TOKENS, tables].
        self.shares = np.zeros((int(self.grams.max()), TOKENS, len(sizes)), np.int32)
        rng = np.random.default_rng(seed)
        for table, (n, size) in enumerate(sizes.items()):
            self.shares[:n, :, table] = rng.integers(0, size, (n, TOKENS))[:, folds[n]]
            # A multiple of the size: its bits are in no other share.
            self.shares[0, :, table] += self.offsets[table]

    def quantised(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int8 rows, and what one step of them stands for in each table."""
        whole, steps = np.zeros(rows.shape, np.int8), []
        for begin, end in zip(self.offsets, self.offsets[1:]):
            step = np.float32(float(np.quantile(np.abs(rows[begin:end]), 0.9999, method="higher")) / 127 or 1.0)
            whole[begin:end] = np.clip(np.rint(rows[begin:end] / step), -127, 127)
            steps.append(step)
        return whole, np.array(steps, np.float32)

    def rounded(self, rows: np.ndarray) -> np.ndarray:
        """As 8 bits a weight leave them."""
        whole, steps = self.quantised(rows)
        return whole * np.repeat(steps, np.diff(self.offsets))[:, None]


@njit(cache=True)
def row_of(shares, grams, tokens, position: int, table: int) -> int:
    row = 0
    for place in range(grams[table]):
        row ^= shares[place, tokens[position - place] if position >= place else PADDING, table]
    return row


def lengths_of(windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """Tokens of each window."""
    return np.array([len(w) for w in windows]) + (edges & 1) + (edges >> 1 & 1)


def tokens_of(windows: list[bytes], edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int16, all windows one behind the other, and where each begins. `edges`: 1 value begins, 2 ends with the window."""
    begins = np.concatenate([[0], np.cumsum(lengths_of(windows, edges))]).astype(np.int64)
    flat = np.empty(begins[-1], np.int16)
    for window, edge, begin, end in zip(windows, edges, begins, begins[1:]):
        flat[begin + (edge & 1) : end - (edge >> 1 & 1)] = np.frombuffer(window, np.uint8)
        if edge & 1:
            flat[begin] = BEGIN
        if edge & 2:
            flat[end - 1] = END
    return flat, begins
