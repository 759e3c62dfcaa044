"""Sum, start and end of the worst window of each text (hexadecimal, a line each), by the weights of a screen.bin."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import numpy as np

from screen import STEPS
from windows import of_alike, worst_window

weights = np.frombuffer(Path(sys.argv[1]).read_bytes()[16:], np.int8)
for line in sys.stdin:
    text = bytes.fromhex(line.strip())
    alone = worst_window(weights, text)
    if len(text) < STEPS and of_alike(weights, [text], len(text) + 1) != [alone]:
        raise SystemExit(f"one by one and in a batch differ: {text!r}")
    print(*alone)
