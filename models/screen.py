"""The screen: one weight for each hashed byte 1- to 4-gram; a value scores by its worst run of steps.

The very sums of `filter/screen/worst-window.ts`, which tests hold to this file's weights. One thread, so one seed gives
one result.
"""

import struct

import numpy as np
from numba import njit

from adam import Adam
from windows import indices_at, next4, pack, worst_run

TABLE_BITS = 19
BATCH = 512
WHOLE_EPOCHS = 2  # on whole sums: a start for the worst runs
RATE, RATE_HALVED_AFTER = 0.02, 4000
DECAY = 1e-6
# Share of the n-grams that a step of training sees, so that no few of them carry what is alike in one list.
KEPT = 0.5


@njit(cache=True)
def slopes_of(table, bias, flat, begins, chosen, target, weight, whole, gradient) -> float:
    """Adds d loss / d weight of a batch to `gradient`; the sum of the slopes is that of the bias."""
    shift, total = np.uint32(32 - TABLE_BITS), 0.0
    for i in chosen:
        text = flat[begins[i] : begins[i + 1]]
        if whole:
            sum_, begin, end = 3.0, 0, len(text) + 1
            last4 = np.uint32(0)
            for position in range(end):
                last4 = next4(last4, text, position)
                one, two, three, four = indices_at(last4, shift)
                sum_ += table[one] + table[two] + table[three] + table[four]
        else:
            sum_, begin, end = worst_run(table, text, shift)
            if end == 0:  # no run is above zero: all of them learn
                end = len(text) + 1
        logit = min(60.0, max(-60.0, bias + sum_))
        slope = weight[i] * (1 / (1 + np.exp(-logit)) - target[i]) / len(chosen)
        total += slope
        last4 = np.uint32(0)
        for position in range(max(0, begin - 3), end):
            last4 = next4(last4, text, position)
            if position >= begin:
                one, two, three, four = indices_at(last4, shift)
                gradient[one] += slope
                gradient[two] += slope
                gradient[three] += slope
                gradient[four] += slope
    return total


def train(texts: list[bytes], attack: np.ndarray, weight: np.ndarray, epochs: int = 4, seed: int = 1) -> np.ndarray:
    """float32 [1 << TABLE_BITS] of weights in logits."""
    rng = np.random.default_rng(seed)
    flat, begins = pack(texts)
    target, weight = attack.astype(np.float32), (weight / weight.mean()).astype(np.float32)
    table, bias = np.zeros(1 << TABLE_BITS, np.float32), np.array([-3.0], np.float32)
    of_table, of_bias, gradient = Adam(table), Adam(bias), np.zeros_like(table)
    for epoch in range(epochs):
        order = rng.permutation(len(texts))
        for chosen in np.split(order, range(BATCH, len(order), BATCH)):
            kept = (np.frombuffer(rng.bytes(len(table)), np.uint8) < 256 * KEPT) * np.float32(1 / KEPT)
            gradient[:] = 0
            slope = slopes_of(table * kept, bias[0], flat, begins, chosen, target, weight, epoch < WHOLE_EPOCHS, gradient)
            gradient *= kept
            gradient += np.float32(2 * DECAY) * table
            rate = RATE * 0.5 ** (of_table.step / RATE_HALVED_AFTER)
            of_table.update(gradient, rate)
            of_bias.update(np.array([slope], np.float32), rate)
        print(f"screen: epoch {epoch + 1} of {epochs}", flush=True)
    return table


def quantise(table: np.ndarray) -> tuple[np.ndarray, float]:
    """int8 weights and the logits that one step of them stands for."""
    step = float(np.quantile(np.abs(table[table != 0]), 0.9995)) / 127
    return np.clip(np.rint(table / step), -127, 127).astype(np.int8), step


def screen_bin(weights: np.ndarray, bias: float, scale: float) -> bytes:
    """Layout of `scripts/build/bundle.ts`."""
    return struct.pack("<4sHBBff", b"PSSB", 1, TABLE_BITS, 1, bias, scale) + weights.tobytes()
