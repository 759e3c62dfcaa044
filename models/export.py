"""The trained model as ONNX: bytes and the kind of their field in, calibrated class probabilities and surprisal out."""

import numpy as np
import onnx

from calibrate import LENGTH_SHIFTS, SCANNER_SHIFTS, SHORT_BYTES, Calibration
from classes import BENIGN, CLASSES, SCANNER
from graph import Graph
from network import BAG, EMBEDDING, LENGTH, VALUE_LENGTH, WINDOW
from ngrams import PADDING, TOKENS

INPUT, KINDS_INPUT = "bytes", "kinds"
OUTPUT, SURPRISAL_OUTPUT = "probabilities", "surprisal"
LONGEST = int(BAG.grams.max())
TABLES = len(BAG.grams)
COLUMNS = EMBEDDING + 1  # of a row: the embedding, and what the n-gram adds to a window's surprisal
COUNTS = WINDOW + 1  # of tokens in a window: from none to all
MARKS = 3  # of a value's edges in a window: none, one, both
STATES = MARKS * len(LENGTH_SHIFTS)


def onnx_model(p: dict[str, np.ndarray], calibration: Calibration) -> onnx.ModelProto:
    """int32 [N, LENGTH] of tokens and [N] of kinds -> float32 [N, classes], `calibrate.probabilities` of the logits, and
    [N, 2]: bits a byte (`language.surprisal`) and the usual ones (`language.usual`).

    A node costs one to three microseconds in onnxruntime-web however little it computes, so sums and scales that training
    knows are in the weights. No Cast anywhere: its kernel is one function that V8 takes a second and 100 MB to optimise.
    """
    graph = Graph()
    graph.constant("axis1", [1])
    look_up(graph)
    steps, language_steps = embed(graph, p)
    pool(graph)
    judge(graph, p, steps, calibration)
    surprise(graph, p, language_steps)
    return graph.model(
        {INPUT: ["N", LENGTH], KINDS_INPUT: ["N"]}, {OUTPUT: ["N", len(CLASSES)], SURPRISAL_OUTPUT: ["N", 2]}
    )


def look_up(graph: Graph) -> None:
    """`rows` [N, LENGTH, tables] of the n-grams; that of nothing, behind all others, where no byte is: in the last column."""
    shares = np.concatenate([BAG.shares, np.repeat(BAG.shares[:, [PADDING]], len(LENGTH_SHIFTS), axis=1)], axis=1)
    # No exclusive or takes this bit away.
    shares[0, [PADDING, *range(TOKENS, shares.shape[1])]] |= 1 << int(BAG.rows).bit_length()
    # The last column, which is padding to an n-gram, stands before the first: of Pad's kernel V8 optimises 45 KB.
    graph.constant("columns", [LENGTH - 1] * (LONGEST - 1) + list(range(LENGTH)))
    graph.node("Gather", [INPUT, "columns"], "padded", axis=1)
    for place in range(LONGEST):
        graph.constant(f"shares{place}", shares[place])
        if place == 0:
            graph.node("Gather", ["shares0", INPUT], "rows0")
            continue
        graph.constant(f"from{place}", [LONGEST - 1 - place])
        graph.constant(f"to{place}", [LONGEST - 1 - place + LENGTH])
        graph.node("Slice", ["padded", f"from{place}", f"to{place}", "axis1"], f"token{place}")
        graph.node("Gather", [f"shares{place}", f"token{place}"], f"share{place}")
        graph.node("BitwiseXor", [f"rows{place - 1}", f"share{place}"], f"rows{place}")
    graph.constant("of_nothing", np.int32(BAG.rows))
    graph.node("Min", [f"rows{LONGEST - 1}", "of_nothing"], "rows")


def embed(graph: Graph, p: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`x` [N, LENGTH, tables * COLUMNS]: the n-grams' rows in steps, zeros for nothing. Returns what a step of each table
    stands for, in the embedding and in its last column."""
    whole, steps = BAG.quantised(p["tables"])
    language, language_steps = BAG.quantised(p["language"][:, None])
    table = np.zeros((BAG.rows + 1, COLUMNS), np.int8)
    table[:-1] = np.concatenate([whole, language], axis=1)
    graph.constant("table", table)
    graph.constant("step", np.float32(1))
    graph.constant("by_byte", [0, LENGTH, TABLES * COLUMNS])
    graph.node("Gather", ["table", "rows"], "whole")
    # Not the other way round: behind a DequantizeLinear, onnxruntime rounds what a Reshape gives to unsigned numbers.
    graph.node("Reshape", ["whole", "by_byte"], "embedded")
    graph.node("DequantizeLinear", ["embedded", "step"], "x")
    return steps, language_steps


def pool(graph: Graph) -> None:
    """`pooled` [N, 2 * tables * COLUMNS + 1]: positive maximum, mean and one n-th, where the window has n tokens; `state` [N]:
    its marks + MARKS * the class of its value's length; of a whole value of n < SHORT_BYTES bytes STATES + n."""
    counted = np.zeros(TOKENS + len(LENGTH_SHIFTS), np.int32)
    counted[:PADDING] = 1
    counted[PADDING + 1 : TOKENS] = 1 + COUNTS
    counted[VALUE_LENGTH:] = COUNTS * MARKS * np.arange(len(LENGTH_SHIFTS))
    graph.constant("counted", counted)
    graph.node("Gather", ["counted", INPUT], "counts")
    graph.node("ReduceSum", ["counts", "axis1"], "count", keepdims=0)
    state = np.repeat(np.arange(STATES, dtype=np.int32), COUNTS)
    shortest = (MARKS - 1) * COUNTS + 2
    state[shortest : shortest + SHORT_BYTES] = STATES + np.arange(SHORT_BYTES)
    graph.constant("state_of", state)
    graph.node("Gather", ["state_of", "count"], "state")
    one_nth = np.tile(1 / np.maximum(1, np.arange(COUNTS)), STATES)
    graph.constant("one_nth_of", one_nth[:, None].astype(np.float32))
    graph.node("Gather", ["one_nth_of", "count"], "one_nth")
    graph.node("ReduceMax", ["x", "axis1"], "largest", keepdims=0)
    # A product with ones takes a third of the time of ReduceSum over this axis.
    graph.constant("ones", np.ones((1, LENGTH), np.float32))
    graph.constant("by_window", [0, TABLES * COLUMNS])
    graph.node("MatMul", ["ones", "x"], "sum")
    graph.node("Reshape", ["sum", "by_window"], "total")
    graph.node("Mul", ["total", "one_nth"], "mean")
    graph.node("Concat", ["largest", "mean", "one_nth"], "pooled", axis=1)


def judge(graph: Graph, p: dict[str, np.ndarray], steps: np.ndarray, calibration: Calibration) -> None:
    hidden = np.zeros((2, TABLES, COLUMNS, p["hidden"].shape[1]))
    hidden[:, :, :EMBEDDING] = p["hidden"].reshape(2, TABLES, EMBEDDING, -1) * steps[:, None, None]
    nothing = np.zeros((1, hidden.shape[-1]))
    states = np.arange(STATES)
    edges = np.array([0, 1, 3])[states % MARKS] + (states // MARKS << 2)
    shifts = [calibration.shifts(edges, np.full(STATES, SHORT_BYTES + 2))]
    shifts.append(calibration.shifts(np.full(SHORT_BYTES, 3), 2 + np.arange(SHORT_BYTES)))
    bias = np.tile(p["out_bias"] / calibration.temperature, (STATES + SHORT_BYTES, 1))
    bias[:, BENIGN] += np.concatenate(shifts)
    of_kind = np.zeros((len(SCANNER_SHIFTS), bias.shape[1]))
    of_kind[:, SCANNER] = -SCANNER_SHIFTS
    weights = {
        "hidden": np.concatenate([hidden.reshape(2 * TABLES * COLUMNS, -1), nothing]),
        "hidden_bias": p["hidden_bias"],
        "out": p["out"] / calibration.temperature,
        "bias_of_state": bias,
        "bias_of_kind": of_kind,
    }
    for name, value in weights.items():
        graph.constant(name, value.astype(np.float32))
    graph.node("Gemm", ["pooled", "hidden", "hidden_bias"], "hidden_sum")
    graph.node("Relu", ["hidden_sum"], "hidden_out")
    graph.node("Gather", ["bias_of_state", "state"], "of_state")
    graph.node("Gather", ["bias_of_kind", KINDS_INPUT], "of_kind")
    graph.node("Add", ["of_state", "of_kind"], "bias")
    graph.node("Gemm", ["hidden_out", "out", "bias"], "logits")
    graph.node("Softmax", ["logits"], OUTPUT, axis=1)


def surprise(graph: Graph, p: dict[str, np.ndarray], language_steps: np.ndarray) -> None:
    bits = np.zeros((2, TABLES, COLUMNS))
    bits[1, :, -1] = language_steps / -np.log(2)
    weights = np.zeros((bits.size + 1, 2), np.float32)
    weights[:-1, 0] = bits.reshape(-1)
    weights[-1, 1] = p["usual"][-1]
    of_kind = np.zeros((len(p["usual"]) - 1, 2), np.float32)
    of_kind[:, 1] = p["usual"][:-1]
    graph.constant("surprisal_weights", weights)
    graph.constant("usual_of_kind", of_kind)
    graph.node("Gather", ["usual_of_kind", KINDS_INPUT], "usual")
    graph.node("Gemm", ["pooled", "surprisal_weights", "usual"], SURPRISAL_OUTPUT)
