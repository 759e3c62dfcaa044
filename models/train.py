"""Trains the bundle: `python models/train.py --values build/values.jsonl --out models/bundle` (see README.md)."""

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

# One thread each: sums in one order, so one seed gives one result.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
import onnxruntime

import bundle
import calibrate
import evaluation
import fit
import language
import screen
from dataset import FOLDS, read
from export import INPUT, KINDS_INPUT, onnx_model
from held_out import Scored, Trained, cut, score_fold, together, train_pair
from network import encode
from windows import worst_windows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", required=True, help="JSON lines of extract-values.ts")
    parser.add_argument("--out", default="models/bundle", type=Path)
    parser.add_argument("--report", default="build/evaluation.json", type=Path)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--data-sha256", default="", help="of the data files, for the manifest")
    parser.add_argument("--folds", nargs="+", type=int, default=list(range(len(FOLDS))), help="validated on, from 0")
    parser.add_argument("--screen-epochs", default=4, type=int)
    parser.add_argument("--epochs", default=2, type=int, help="of the model")
    parser.add_argument("--processes", default=2, type=int, help="trained beside each other")
    options = parser.parse_args()
    started = time.monotonic()

    samples = read(options.values)
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        epochs = (options.screen_epochs, options.epochs, options.seed)
        final = pool.apply_async(train_pair, (samples, *epochs))
        parts = [pool.apply_async(score_fold, (samples, fold, *epochs)) for fold in options.folds]
        held_out: Scored = together([part.get() for part in parts])
        trained: Trained = final.get()
    attack, weight = held_out.attack, np.array(held_out.samples.weight)
    bias, scale = calibrate.fit_screen(held_out.sums, attack, weight)
    temperature, benign_shift = calibrate.fit_model(held_out.logits, held_out.edges, attack, weight)
    screened = 1 / (1 + np.exp(-(bias + scale * held_out.sums)))
    judged = calibrate.attack_probability(held_out.logits, held_out.edges, temperature, benign_shift)
    thresholds = calibrate.choose(screened, judged, attack, weight, np.array(held_out.samples.request))
    print(
        f"screen {bias:.3f} + {scale:.3f} s; model / {temperature:.2f}, benign {benign_shift:+.2f}; {thresholds}",
        flush=True,
    )

    kinds = np.array([language.KINDS.index(kind) for kind in held_out.samples.kind])
    trained.parameters["usual"] = language.usual(held_out.bits[~attack], kinds[~attack], held_out.lengths[~attack])
    model = onnx_model(trained.parameters, temperature, benign_shift).SerializeToString()
    agree(model, trained, samples.text[:: max(1, len(samples) // 400)], temperature, benign_shift)
    weights = screen.screen_bin(trained.weights, bias, scale * trained.step)
    requests = np.array(held_out.samples.request)
    calibration = calibrate.benign_offsets(screened, judged, attack, requests, thresholds)
    training = {"seed": options.seed, "dataSha256": options.data_sha256}
    digest = bundle.write(options.out, model, weights, thresholds, calibration, training)

    report = evaluation.report(held_out.samples, screened, judged, thresholds)
    report |= {"digest": digest, "seconds": round(time.monotonic() - started), "thresholds": vars(thresholds)}
    report["dataSha256"] = options.data_sha256
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report, indent=2) + "\n")
    print(f"{options.out}: {digest}; {len(model)} + {len(weights)} bytes; {report['seconds']} s")


def agree(model: bytes, trained, texts: list[bytes], temperature: float, benign_shift: float) -> None:
    """The exported model must say what the trained one says."""
    _, starts, ends = worst_windows(trained.weights, texts)
    windows, edges = cut(texts, starts, ends)
    kinds = np.full(len(windows), language.KINDS.index("text"), np.int32)
    given = {INPUT: encode(windows, edges), KINDS_INPUT: kinds}
    exported, surprisal = onnxruntime.InferenceSession(model).run(None, given)
    logits = fit.predict(trained.parameters, windows, edges)
    expected = calibrate.probabilities(logits, edges, temperature, benign_shift)
    apart = float(np.abs(exported - expected).max())
    bits = np.abs(surprisal[:, 0] - language.surprisal(trained.parameters["language"], windows, edges)).max()
    if apart > 1e-4 or bits > 1e-3:
        raise SystemExit(f"the exported model differs from the trained one by {apart} and by {bits} bits")


if __name__ == "__main__":
    main()
