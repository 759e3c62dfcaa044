"""An ONNX graph, built node by node."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Collects nodes and constants, each with one output of its own name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray | list[int]) -> None:
        """Numbers of lists are int64: axes, shapes."""
        array = np.array(value, np.int64) if isinstance(value, list) else np.array(value, order="C")
        self.constants[name] = numpy_helper.from_array(array, name)

    def node(self, operator: str, inputs: list[str], *outputs: str, **attributes) -> None:
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))

    def model(self, given: dict[str, list], answers: dict[str, list]) -> onnx.ModelProto:
        """`given`: int32 inputs and `answers`: float32 outputs, by their shapes."""
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name, shape in given.items()]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in answers.items()]
        graph = helper.make_graph(self.nodes, "postern", inputs, outputs, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="postern")
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return model
