"""The language model of benign values: how surprising is each byte behind those before it.

Log-linear over the very n-grams of the bag (`network.BAG`): the logit of a byte is the sum of one weight for each n-gram that
ends with it, P(byte | those before) its softmax. The logarithm of the softmax's denominator is in turn a sum, learnt beside,
of one weight for each n-gram that ends *before* the byte. Over a window all that is a sum over rows of the tables, so that
surprisal costs the exported model one column of the tables and no look-up of its own.

Bytes are predicted with letters in lower case.
"""

import numpy as np
from numba import njit

from adam import Adam
from network import BAG
from ngrams import END, LOWER, row_of, tokens_of

POSITIONS = 8192  # drawn for each step
RATE = 0.03
STEPS = 250
# Of fields, in the order of `ValueKind` in filter/values/value.ts.
KINDS = """
    path path-segment query-name query-value cookie-name cookie-value header form-name form-value json-name json-string
    file-name file xml-name xml-text text rest path-parameter graphql-name graphql-string
""".split()
KNOWN_FROM = 300  # windows of a kind; of fewer the mean of all kinds is told
# What may follow: bytes as LOWER leaves them, and the end.
OUTCOMES = np.unique(LOWER[[*range(256), END]])


def numbers_of(kinds: list[str]) -> np.ndarray:
    """int32: places in KINDS, as the exported model is given them."""
    return np.array([KINDS.index(kind) for kind in kinds], np.int32)


@njit(cache=True)
def slopes(weights, sums, shares, grams, outcomes, flat, begins, window, position, of_weights, of_sums) -> tuple[float, float]:
    """Adds to both gradients; mean loss, and mean square error of the denominators' logarithms, in nats."""
    loss, error = 0.0, 0.0
    tables, count = len(grams), len(outcomes)
    z, rows = np.zeros(count, np.float32), np.zeros((count, tables), np.int64)
    for at in range(len(window)):
        tokens = flat[begins[window[at]] : begins[window[at] + 1]]
        here = position[at]
        true = LOWER[tokens[here]]
        top = np.float32(-1e30)
        for table in range(tables):
            context = row_of(shares, grams, tokens, here, table) ^ shares[0, tokens[here], table]
            for c in range(count):
                rows[c, table] = context ^ shares[0, outcomes[c], table]
        logit = np.float32(0)
        for c in range(count):
            z[c] = 0
            for table in range(tables):
                z[c] += weights[rows[c, table]]
            top = max(top, z[c])
            if outcomes[c] == true:
                logit = z[c]
        total = np.float32(0)
        for c in range(count):
            total += np.exp(z[c] - top)
        log_total = np.log(total) + top
        share = np.float32(1 / len(window))
        for c in range(count):
            slope = share * np.exp(z[c] - log_total)
            if outcomes[c] == true:
                slope -= share
            for table in range(tables):
                of_weights[rows[c, table]] += slope
        apart = -log_total
        for table in range(tables):
            apart += sums[row_of(shares, grams, tokens, here - 1, table)]
        for table in range(tables):
            of_sums[row_of(shares, grams, tokens, here - 1, table)] += share * apart
        loss += log_total - logit
        error += apart * apart
    return loss / len(window), error / len(window)


def train(windows: list[bytes], edges: np.ndarray, seed: int, steps: int = STEPS) -> np.ndarray:
    """float32 [BAG.rows]: what each n-gram adds to the logarithm of a window's probability, in nats; of 8 bits."""
    rng = np.random.default_rng(seed)
    flat, begins = tokens_of(windows, edges)
    weights, sums = np.zeros(BAG.rows, np.float32), np.zeros(BAG.rows, np.float32)
    optimizers, found = [Adam(weights), Adam(sums)], [np.zeros_like(weights), np.zeros_like(sums)]
    of_window = np.repeat(np.arange(len(windows)), np.diff(begins))
    place = np.arange(len(flat)) - begins[of_window]
    predicted = np.flatnonzero(place > 0)
    for step in range(steps):
        drawn = rng.choice(predicted, POSITIONS)
        for gradient in found:
            gradient[:] = 0
        loss, error = slopes(weights, sums, BAG.shares, BAG.grams, OUTCOMES, flat, begins, of_window[drawn], place[drawn], *found)
        rate = RATE * (1 - step / steps)
        for optimizer, gradient in zip(optimizers, found):
            optimizer.update(gradient, rate)
    print(f"language: {loss / np.log(2):.3f} bits a byte, denominators within {error**0.5 / np.log(2):.3f}", flush=True)
    return BAG.rounded((weights - sums)[:, None])[:, 0]


@njit(cache=True)
def sum_rows(column, shares, grams, flat, begins, bits) -> None:
    for i in range(len(begins) - 1):
        tokens = flat[begins[i] : begins[i + 1]]
        total = 0.0
        for position in range(len(tokens)):
            for table in range(len(grams)):
                total -= column[row_of(shares, grams, tokens, position, table)]
        bits[i] = total / max(1, len(tokens))


def surprisal(column: np.ndarray, windows: list[bytes], edges: np.ndarray) -> np.ndarray:
    """Bits a byte of each window; marks count as bytes."""
    flat, begins = tokens_of(windows, edges)
    bits = np.zeros(len(windows))
    sum_rows(column / np.float32(np.log(2)), BAG.shares, BAG.grams, flat, begins, bits)
    return bits


def usual(bits: np.ndarray, kinds: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Of benign windows, none of a source that was learnt from: float32 [len(KINDS) + 1], so that a window of n bytes of
    kind k usually takes `usual[k] + usual[-1] / n` bits a byte (least squares)."""
    known = np.flatnonzero(np.bincount(kinds, minlength=len(KINDS)) >= KNOWN_FROM)
    columns = [kinds == kind for kind in known] + [~np.isin(kinds, known), 1 / np.maximum(1, lengths)]
    found = np.linalg.lstsq(np.stack(columns, 1).astype(np.float64), bits, rcond=None)[0]
    mean = bits.mean() - found[-1] * np.mean(columns[-1])
    out = np.full(len(KINDS) + 1, mean, np.float32)
    out[known], out[-1] = found[: len(known)], found[-1]
    return out
