"""Trains the bundle: `python models/train.py --values build/values.jsonl --out models/bundle` (see README.md)."""

import argparse
import json
import multiprocessing
import os
import pickle
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
from held_out import Scored, score_fold, together
from network import encode
from ngrams import lengths_of
from packages import WHOLE_FILES
from pair import Trained, cut, train_pair
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
    parser.add_argument("--kept", default="build/trained.pickle", type=Path, help="what was trained, and scores of what was held out")
    parser.add_argument("--again", action="store_true", help="thresholds anew, for what is kept")
    options = parser.parse_args()

    if not options.again:
        options.kept.parent.mkdir(parents=True, exist_ok=True)
        options.kept.write_bytes(pickle.dumps(trained_on(options)))
    texts, trained, held_out, seconds = pickle.loads(options.kept.read_bytes())
    rows = held_out.samples
    file = np.array([source.endswith(WHOLE_FILES) for source in rows.source])
    of = calibrate.HeldOut(held_out.attack, np.array(rows.weight), np.array(rows.request), file, rows.text_numbers())
    bias, scale = calibrate.fit_screen(held_out.sums, of.attack, of.weight)
    lengths = np.array([len(text) for text in rows.text])
    screened = calibrate.screen_probability(held_out.sums, lengths, bias, scale)
    kinds = language.numbers_of(rows.kind)
    judged_by = held_out.logits, held_out.edges, held_out.lengths, kinds
    calibration = calibrate.fit_model(*judged_by, of.attack, of.weight)
    judged = calibrate.attack_probability(*judged_by, calibration)
    recall, thresholds = calibrate.choose(screened, judged, of)
    print(f"{calibration}: {thresholds}, {100 * recall:.2f} % of attacks", flush=True)

    benign = ~of.attack
    trained.parameters["usual"] = language.usual(held_out.bits[benign], kinds[benign], held_out.lengths[benign])
    model = onnx_model(trained.parameters, calibration).SerializeToString()
    agree(model, trained, texts, calibration)
    weights = screen.screen_bin(trained.weights, bias, scale * trained.step)
    offsets = calibrate.benign_offsets(screened, judged, of.attack, of.request, thresholds)
    training = {"seed": options.seed, "dataSha256": options.data_sha256}
    digest = bundle.write(options.out, model, weights, thresholds, offsets, training)

    report = evaluation.report(rows, screened, judged, thresholds)
    report |= {"digest": digest, "seconds": seconds, "thresholds": vars(thresholds)}
    report["dataSha256"] = options.data_sha256
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report, indent=2) + "\n")
    print(f"{options.out}: {digest}; {len(model)} + {len(weights)} bytes; {report['seconds']} s")


def trained_on(options: argparse.Namespace) -> tuple[list[bytes], Trained, Scored, int]:
    """Some of the values, the pair that was trained on all of them, scores of held-out ones by the other pairs; seconds."""
    started = time.monotonic()
    samples = read(options.values)
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        epochs = (options.screen_epochs, options.epochs, options.seed)
        final = pool.apply_async(train_pair, (samples, *epochs))
        parts = [pool.apply_async(score_fold, (samples, fold, *epochs)) for fold in options.folds]
        held_out = together([part.get() for part in parts])
        trained = final.get()
    return samples.text[:: max(1, len(samples) // 400)], trained, held_out, round(time.monotonic() - started)


def agree(model: bytes, trained: Trained, texts: list[bytes], calibration: calibrate.Calibration) -> None:
    """The exported model must say what the trained one says."""
    _, starts, ends = worst_windows(trained.weights, texts)
    windows, edges = cut(texts, starts, ends)
    kinds = np.arange(len(windows), dtype=np.int32) % len(language.KINDS)
    given = {INPUT: encode(windows, edges), KINDS_INPUT: kinds}
    exported, surprisal = onnxruntime.InferenceSession(model).run(None, given)
    logits = fit.predict(trained.parameters, windows, edges)
    expected = calibrate.probabilities(logits, edges, lengths_of(windows, edges), kinds, calibration)
    apart = float(np.abs(exported - expected).max())
    bits = np.abs(surprisal[:, 0] - language.surprisal(trained.parameters["language"], windows, edges)).max()
    if apart > 1e-5 or bits > 1e-4:
        raise SystemExit(f"the exported model differs from the trained one by {apart} and by {bits} bits")


if __name__ == "__main__":
    main()
