"""Adam (Kingma and Ba, 2015) on one array, in place, with decoupled weight decay."""

import numpy as np


class Adam:
    def __init__(self, values: np.ndarray) -> None:
        self.values, self.step = values, 0
        self.mean, self.square = np.zeros_like(values), np.zeros_like(values)

    def update(self, gradient: np.ndarray, rate: float, decay: float = 0.0) -> None:
        self.step += 1
        self.mean += np.float32(0.1) * (gradient - self.mean)
        self.square += np.float32(0.001) * (gradient * gradient - self.square)
        root = np.sqrt(self.square * np.float32(1 / (1 - 0.999**self.step)))
        self.values -= np.float32(rate / (1 - 0.9**self.step)) * self.mean / (root + np.float32(1e-8))
        if decay:
            self.values *= np.float32(1 - rate * decay)
