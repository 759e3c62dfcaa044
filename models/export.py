"""The trained model as ONNX: bytes and the kind of their field in, calibrated class probabilities and surprisal out."""

import numpy as np
import onnx

from calibrate import INNER_SHIFT, LENGTH_SHIFTS, Calibration
from classes import BENIGN, CLASSES
from graph import Graph
from network import BAG, EMBEDDING, LENGTH, VALUE_LENGTH, WINDOW
from ngrams import PADDING, TOKENS

INPUT, KINDS_INPUT = "bytes", "kinds"
OUTPUT, SURPRISAL_OUTPUT = "probabilities", "surprisal"
LONGEST = int(BAG.grams.max())
COLUMNS = EMBEDDING + 1  # of a row: the embedding, and what the n-gram adds to a window's surprisal


def onnx_model(p: dict[str, np.ndarray], calibration: Calibration) -> onnx.ModelProto:
    """int32 [N, LENGTH] of tokens and [N] of kinds -> float32 [N, classes], `calibrate.probabilities` of the logits, and
    [N, 2]: bits a byte (`language.surprisal`) and the usual ones (`language.usual`).

    No Cast anywhere: in onnxruntime-web its kernel is one function that V8 takes a second and 100 MB to optimise.
    """
    graph = Graph()
    graph.constant("axis1", [1])
    graph.constant("one", np.float32(1))
    graph.constant("padding", np.int32(PADDING))
    columns, of_surprisal = embed(graph, p)
    pool(graph)
    judge(graph, p, columns, calibration)
    surprise(graph, p, of_surprisal)
    return graph.model(
        {INPUT: ["N", LENGTH], KINDS_INPUT: ["N"]}, {OUTPUT: ["N", len(CLASSES)], SURPRISAL_OUTPUT: ["N", 2]}
    )


def embed(graph: Graph, p: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`x` [N, WINDOW, tables * COLUMNS]: the n-grams' rows, zeros where no byte is. Returns which columns are the embedding,
    and [tables * COLUMNS]: the bits that one of each column stands for."""
    graph.constant("window_begins", [0])
    graph.constant("window_ends", [WINDOW])
    graph.node("Slice", [INPUT, "window_begins", "window_ends", "axis1"], "window")
    graph.constant("pads", [0, LONGEST - 1, 0, 0])
    graph.node("Pad", ["window", "pads", "padding"], "padded")
    # The n-gram of a place where no byte is has a row beyond all others: no exclusive or takes this bit away.
    shares = BAG.shares.copy()
    shares[0, PADDING] |= 1 << int(BAG.rows).bit_length()
    for place in range(LONGEST):
        begin = LONGEST - 1 - place
        graph.constant(f"from{place}", [begin])
        graph.constant(f"to{place}", [begin + WINDOW])
        graph.node("Slice", ["padded", f"from{place}", f"to{place}", "axis1"], f"token{place}")
        graph.constant(f"shares{place}", shares[place])
        graph.node("Gather", [f"shares{place}", f"token{place}"], f"share{place}")
        if place > 0:
            graph.node("BitwiseXor", ["share0" if place == 1 else f"rows{place - 1}", f"share{place}"], f"rows{place}")
    graph.constant("of_nothing", np.int32(BAG.rows))
    graph.node("Min", [f"rows{LONGEST - 1}", "of_nothing"], "rows")
    whole, steps = BAG.quantised(p["tables"])
    language, language_steps = BAG.quantised(p["language"][:, None])
    table = np.zeros((BAG.rows + 1, COLUMNS), np.int8)
    table[:-1] = np.concatenate([whole, language], axis=1)
    graph.constant("table", table)
    graph.constant("steps", steps)
    graph.constant("by_byte", [0, WINDOW, len(steps) * COLUMNS])
    graph.node("Gather", ["table", "rows"], "whole")
    graph.node("DequantizeLinear", ["whole", "steps"], "embedded", axis=2)
    graph.node("Reshape", ["embedded", "by_byte"], "x")
    of_language = np.zeros((len(steps), COLUMNS))
    of_language[:, -1] = language_steps / steps / -np.log(2)
    return of_language.reshape(-1) == 0, of_language.reshape(-1)


def pool(graph: Graph) -> None:
    """`largest` and `mean` [N, tables * COLUMNS]; `bytes_counted` [N, 1]: at least 1; `marks` [N, 1]: edges of its value."""
    counted = np.zeros((TOKENS, 2), np.float32)
    counted[:, 0] = np.arange(TOKENS) != PADDING
    counted[:, 1] = np.arange(TOKENS) > PADDING
    graph.constant("counted", counted)
    graph.node("Gather", ["counted", "window"], "counts")
    graph.node("ReduceSum", ["counts", "axis1"], "count", keepdims=0)
    graph.node("Split", ["count"], "bytes_live", "marks", axis=1, num_outputs=2)
    graph.node("Max", ["bytes_live", "one"], "bytes_counted")
    graph.node("ReduceMax", ["x", "axis1"], "largest_of_all", keepdims=0)
    graph.node("Relu", ["largest_of_all"], "largest")
    graph.node("ReduceSum", ["x", "axis1"], "total", keepdims=0)
    graph.node("Div", ["total", "bytes_counted"], "mean")


def judge(graph: Graph, p: dict[str, np.ndarray], columns: np.ndarray, calibration: Calibration) -> None:
    hidden = np.zeros((2 * len(columns), p["hidden"].shape[1]), np.float32)
    hidden[np.tile(columns, 2)] = p["hidden"]
    weights = {"hidden": hidden, "hidden_bias": p["hidden_bias"]}
    weights |= {name: p[name] / calibration.temperature for name in ("out", "out_bias")}
    weights["out_bias"][BENIGN] += calibration.benign_shift
    benign = np.eye(1, len(CLASSES), BENIGN)
    weights["inner_shift"] = INNER_SHIFT * benign
    weights["length_shifts"] = calibration.length_factor * LENGTH_SHIFTS[:, None] * benign
    for name, value in weights.items():
        graph.constant(name, value.astype(np.float32))
    graph.node("Concat", ["largest", "mean"], "pooled", axis=1)
    graph.node("Gemm", ["pooled", "hidden", "hidden_bias"], "hidden_sum")
    graph.node("Relu", ["hidden_sum"], "hidden_out")
    graph.node("Gemm", ["hidden_out", "out", "out_bias"], "of_bytes")
    graph.node("Sub", ["one", "marks"], "unmarked")
    graph.node("Relu", ["unmarked"], "inner")
    graph.node("Mul", ["inner", "inner_shift"], "of_edges")
    graph.node("Add", ["of_bytes", "of_edges"], "of_window")
    graph.constant("last", np.int32(WINDOW))
    graph.node("Gather", [INPUT, "last"], "length_token", axis=1)
    graph.constant("first_length", np.int32(VALUE_LENGTH))
    graph.node("Sub", ["length_token", "first_length"], "length_class")
    graph.node("Gather", ["length_shifts", "length_class"], "of_length")
    graph.node("Add", ["of_window", "of_length"], "logits")
    graph.node("Softmax", ["logits"], OUTPUT, axis=1)


def surprise(graph: Graph, p: dict[str, np.ndarray], of_surprisal: np.ndarray) -> None:
    graph.constant("of_surprisal", of_surprisal[:, None].astype(np.float32))
    graph.constant("usual_of_kind", p["usual"][:-1, None])
    graph.constant("usual_of_edge", p["usual"][-1:])
    graph.node("MatMul", ["mean", "of_surprisal"], "bits")
    graph.node("Gather", ["usual_of_kind", KINDS_INPUT], "of_kind")
    graph.node("Div", ["usual_of_edge", "bytes_counted"], "of_edge")
    graph.node("Add", ["of_kind", "of_edge"], "usual")
    graph.node("Concat", ["bits", "usual"], SURPRISAL_OUTPUT, axis=1)
