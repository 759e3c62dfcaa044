"""What samples weigh, and what the screen may leave to the model, as JSON: of rows and requests that are made up here."""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import numpy as np

import calibrate
import dataset


def row(label: str, category: str, text: str) -> dict:
    values = [{"kind": "text", "forms": [text]}]
    return {"label": label, "category": category, "subtype": "made-up", "source": "here", "kind": "payload", "values": values}


rows = [row("benign", "benign", text) for text in ["often"] * 20 + ["once"]]
rows += [row("attack", "header-injection", f"en-US\r\nSet-Cookie: n={n}") for n in range(9)]
with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
    file.write("".join(json.dumps(each) + "\n" for each in rows))
    file.flush()
    samples = dataset.read(file.name)
weights = {text.decode(): weight for text, weight in zip(samples.text, samples.weight)}
heads = {text.decode(): count for text, count in dataset.heads(samples).items()}

# A thousand different requests, most of them with one score, and one page that is asked for as often as all of them.
texts = np.concatenate([np.arange(1000), np.full(1000, 1000)])
scores = np.concatenate([np.zeros(900), np.arange(1, 101) / 100, np.ones(1000)])
least = calibrate.least_asked(scores, np.arange(2000), texts)
asked = float(np.mean(scores[:1000] >= least))
print(json.dumps({"often": weights["often"], "once": weights["once"], "heads": heads, "asked": asked, "most": calibrate.MOST_ASKED}))
