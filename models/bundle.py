"""Writes `manifest.json`, `model.onnx`, `screen.bin` and `calibration.json`."""

import hashlib
import json
import struct
from pathlib import Path

from calibrate import Thresholds
from classes import CLASSES
from export import INPUT, KINDS_INPUT, OUTPUT, SURPRISAL_OUTPUT
from language import KINDS
from network import LENGTH, VALUE_LENGTH
from ngrams import BEGIN, END, PADDING

VERSION = 1


def write(folder: Path, model: bytes, screen: bytes, thresholds: Thresholds, calibration: dict, training: dict) -> str:
    """The bundle's digest: SHA-256 of both files' SHA-256 and the thresholds as u32 little-endian.

    `calibration`: `calibrate.benign_offsets`; `training`: what it takes to make the bundle again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    (folder / "screen.bin").write_bytes(screen)
    offsets = (json.dumps({"version": VERSION} | calibration) + "\n").encode()
    (folder / "calibration.json").write_bytes(offsets)
    model_sha256, screen_sha256 = hashlib.sha256(model), hashlib.sha256(screen)
    words = struct.pack("<III", thresholds.clearBelow, thresholds.denyAlone, thresholds.modelDeny)
    digest = hashlib.sha256(model_sha256.digest() + screen_sha256.digest() + words).hexdigest()
    manifest = {
        "version": VERSION,
        "digest": digest,
        "model": {
            "file": "model.onnx",
            "sha256": model_sha256.hexdigest(),
            "input": {
                "name": INPUT,
                "shape": ["N", LENGTH],
                "type": "int32",
                "padding": PADDING,
                "marks": {"begin": BEGIN, "end": END, "length": VALUE_LENGTH},
            },
            "output": {"name": OUTPUT, "shape": ["N", len(CLASSES)], "type": "float32"},
            "classes": CLASSES,
            "surprisal": {"name": SURPRISAL_OUTPUT, "input": KINDS_INPUT, "kinds": KINDS},
        },
        "screen": {"file": "screen.bin", "sha256": screen_sha256.hexdigest()},
        "calibration": {"file": "calibration.json", "sha256": hashlib.sha256(offsets).hexdigest()},
        "thresholds": vars(thresholds),
        "training": training,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return digest
