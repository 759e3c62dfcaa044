"""Adam (Kingma and Ba, 2015) on one array, in place, with decoupled weight decay."""

import numpy as np
from numba import njit


class Adam:
    def __init__(self, values: np.ndarray) -> None:
        self.values, self.step = values.reshape(-1), 0
        self.mean, self.square = np.zeros_like(self.values), np.zeros_like(self.values)

    def update(self, gradient: np.ndarray, rate: float, decay: float = 0.0, factor: float = 1.0) -> None:
        """`factor` scales the gradient first."""
        self.step += 1
        scale = np.float32(rate / (1 - 0.9**self.step))
        unbias = np.float32(1 / (1 - 0.999**self.step))
        keep = np.float32(1 - rate * decay)
        adapt(self.values, self.mean, self.square, gradient.reshape(-1), scale, unbias, keep, np.float32(factor))


@njit(cache=True)
def adapt(values, mean, square, gradient, scale, unbias, keep, factor) -> None:
    for i in range(len(values)):
        slope = gradient[i] * factor
        mean[i] += np.float32(0.1) * (slope - mean[i])
        square[i] += np.float32(0.001) * (slope * slope - square[i])
        values[i] = (values[i] - scale * mean[i] / (np.sqrt(square[i] * unbias) + np.float32(1e-8))) * keep
