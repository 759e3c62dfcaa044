"""The trained model as ONNX: bytes in, calibrated class probabilities out."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from calibrate import INNER_SHIFT, LENGTH_SHIFTS
from classes import BENIGN, CLASSES
from network import FOLDS, GRAMS, LENGTH, PADDING, TABLES, VALUE_LENGTH, WINDOW, rounded

INPUT = "bytes"
OUTPUT = "probabilities"


def onnx_model(p: dict[str, np.ndarray], temperature: float, benign_shift: float) -> onnx.ModelProto:
    """int32 [N, LENGTH] -> float32 [N, classes]; `calibrate.probabilities` of the logits."""
    weights = {name: p[name] for name in ("hidden", "hidden_bias")}
    weights |= {"out": p["out"] / temperature, "out_bias": p["out_bias"] / temperature}
    weights["out_bias"][BENIGN] += benign_shift
    graph = Graph()
    benign = np.eye(1, len(CLASSES), BENIGN)
    weights |= {"inner_shift": INNER_SHIFT * benign, "length_shifts": LENGTH_SHIFTS[:, None] * benign}
    for name, value in weights.items():
        graph.constant(name, np.ascontiguousarray(value, np.float32))
    for name, value in {"axis1": [1], "axis2": [2]}.items():
        graph.constant(name, np.array(value, np.int64))
    graph.constant("zero", np.array(0, np.float32))
    graph.constant("one", np.array(1, np.float32))
    graph.node("Relu", [embeddings(graph, p)], "largest_positive")
    graph.node("ReduceSum", ["x", "axis1"], "total", keepdims=0)
    graph.node("ReduceSum", ["live", "axis1"], "bytes_live", keepdims=0)
    graph.node("Max", ["bytes_live", "one"], "bytes_counted")
    graph.node("Div", ["total", "bytes_counted"], "mean")
    graph.node("Concat", ["largest_positive", "mean"], "pooled", axis=1)
    graph.node("Gemm", ["pooled", "hidden", "hidden_bias"], "hidden_sum")
    graph.node("Relu", ["hidden_sum"], "hidden_out")
    graph.node("Gemm", ["hidden_out", "out", "out_bias"], "of_bytes")
    graph.node("Greater", ["window", "padding"], "marked")
    graph.node("Where", ["marked", "zero", "one"], "unmarked")
    graph.node("ReduceMin", ["unmarked", "axis1"], "inner", keepdims=1)
    graph.node("Mul", ["inner", "inner_shift"], "of_edges")
    graph.node("Add", ["of_bytes", "of_edges"], "of_window")
    graph.constant("last", np.array(WINDOW, np.int32))
    graph.node("Gather", [INPUT, "last"], "length_token", axis=1)
    graph.constant("first_length", np.array(VALUE_LENGTH, np.int32))
    graph.node("Sub", ["length_token", "first_length"], "length_class")
    graph.node("Gather", ["length_shifts", "length_class"], "of_length")
    graph.node("Add", ["of_window", "of_length"], "logits")
    graph.node("Softmax", ["logits"], OUTPUT, axis=1)
    return graph.model()


def embeddings(graph: "Graph", p: dict[str, np.ndarray]) -> str:
    """`x` [N, WINDOW, WIDTH] of embedded n-grams, `live` [N, WINDOW, 1]: 1 where a byte is; names the maximum of `x`."""
    graph.constant("padding", np.array(PADDING, np.int32))
    longest = int(GRAMS.max())
    graph.constant("window_begins", np.array([0], np.int64))
    graph.constant("window_ends", np.array([WINDOW], np.int64))
    graph.node("Slice", [INPUT, "window_begins", "window_ends", "axis1"], "window")
    graph.constant("pads", np.array([0, 0, 0, longest - 1], np.int64))
    graph.node("Pad", ["window", "pads", "padding"], "padded")
    for j in range(longest):
        graph.constant(f"from{j}", np.array([j], np.int64))
        graph.constant(f"to{j}", np.array([j + WINDOW], np.int64))
    _, tables = rounded(p)
    for (n, (size, coefficients)), (whole, step) in zip(TABLES.items(), tables):
        graph.constant(f"fold{n}", FOLDS[n])
        graph.node("Gather", [f"fold{n}", "padded"], f"folded{n}")
        for j, coefficient in enumerate(coefficients):
            graph.constant(f"c{n}_{j}", np.array(coefficient, np.int32))
            graph.node("Slice", [f"folded{n}", f"from{j}", f"to{j}", "axis1"], f"byte{n}_{j}")
            graph.node("Mul", [f"byte{n}_{j}", f"c{n}_{j}"], f"term{n}_{j}")
            if j > 0:
                graph.node("Add", [f"term{n}_0" if j == 1 else f"sum{n}_{j - 1}", f"term{n}_{j}"], f"sum{n}_{j}")
        graph.constant(f"rows{n}", np.array(size, np.int32))
        graph.node("Mod", [f"sum{n}_{len(coefficients) - 1}", f"rows{n}"], f"row{n}")
        graph.constant(f"table{n}", whole)
        graph.constant(f"step{n}", np.array(step, np.float32))
        graph.node("Gather", [f"table{n}", f"row{n}"], f"whole{n}")
        graph.node("DequantizeLinear", [f"whole{n}", f"step{n}"], f"embedded{n}")
    graph.node("Concat", [f"embedded{n}" for n in TABLES], "embedded", axis=2)
    graph.node("Equal", ["window", "padding"], "dead")
    # No Cast anywhere: in onnxruntime-web its kernel is one function that V8 takes a second and 100 MB to optimise.
    graph.node("Where", ["dead", "zero", "one"], "alive")
    graph.node("Unsqueeze", ["alive", "axis2"], "live")
    graph.node("Mul", ["embedded", "live"], "x")
    graph.node("ReduceMax", ["x", "axis1"], "largest", keepdims=0)
    return "largest"


class Graph:
    """Collects nodes and constants, each with one output of its own name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> None:
        self.constants[name] = numpy_helper.from_array(value, name)

    def node(self, operator: str, inputs: list[str], output: str, **attributes) -> None:
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))

    def model(self) -> onnx.ModelProto:
        given = helper.make_tensor_value_info(INPUT, TensorProto.INT32, ["N", LENGTH])
        answer = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", len(CLASSES)])
        graph = helper.make_graph(self.nodes, "postern", [given], [answer], list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="postern")
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return model
