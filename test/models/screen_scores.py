"""Sum, start and end of the worst window of each text (hexadecimal, a line each), by the weights of a screen.bin."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import numpy as np

from windows import worst_windows

weights = np.frombuffer(Path(sys.argv[1]).read_bytes()[16:], np.int8)
texts = [bytes.fromhex(line.strip()) for line in sys.stdin]
for total, start, end in zip(*worst_windows(weights, texts)):
    print(int(total), start, end)
