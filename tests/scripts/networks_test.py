#!/usr/bin/python3
"""What the scripts around whole networks compute, on graphs small enough to follow by hand."""
import os
import sys
import unittest

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
from networks import accuracy, footprint  # noqa: E402


def model():
    """x -> Conv a -> Relu b -> Add(b, x) -> y, with 3×3 weights and a Constant of two numbers that nobody reads."""
    unused = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.zeros(2, np.float32)))
    nodes = [unused, helper.make_node("Conv", ["x", "w"], ["a"], "first"), helper.make_node("Relu", ["a"], ["b"]),
             helper.make_node("Add", ["b", "x"], ["y"])]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 4, 4]) for name in "xy")
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")])
    return helper.make_model(graph)


def report(**cosines):
    return {"nodes": [{"name": name, "op": "Any", "on": "BPU", "accuracy": {"cosine": cosine}} for name, cosine in cosines.items()]}


class Footprint(unittest.TestCase):
    def test_weights_are_initializers_and_constants(self):
        self.assertEqual(footprint.weight_bytes(model()), 4 * (9 + 2))

    def test_a_value_lives_until_its_last_reader(self):
        # Alive at the Conv: x, a; at the Relu: x, a, b; at the Add: x, b, y.
        sizes = {"x": 10, "a": 100, "b": 7, "y": 20}
        self.assertEqual(footprint.live_bytes(model(), sizes), 4 * (10 + 100 + 7))
        self.assertEqual(footprint.live_bytes(model(), {**sizes, "y": 200}), 4 * (10 + 7 + 200))


class Accuracy(unittest.TestCase):
    def test_nodes_without_a_name_are_called_as_bpusim_calls_them(self):
        # Constants are no nodes; the place counts from 0.
        self.assertEqual([name for name, _ in accuracy.named_nodes(model().graph)], ["first", "Relu_1", "Add_2"])

    def test_what_is_folded_passes_on_the_cosine(self):
        # The Relu has no row; the Add reads the least of the Conv's 0.9 and the input's 1.
        losses = accuracy.largest_losses(report(first=0.9, Add_2=0.85), model().graph, 5)
        self.assertEqual([(loss["name"], loss["before"], loss["after"]) for loss in losses], [("first", 1.0, 0.9), ("Add_2", 0.9, 0.85)])

    def test_the_output_has_the_cosine_of_what_made_it(self):
        self.assertEqual(accuracy.output_cosine(report(first=0.9, Add_2=0.85), model().graph), 0.85)
        self.assertEqual(accuracy.output_cosine(report(first=0.9), model().graph), 0.9)
        # With an output of one number beside it, [1, 1, 4, 4] still counts alone.
        graph = model().graph
        graph.output.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 1]))
        self.assertEqual(accuracy.output_cosine(report(first=-1.0, Add_2=0.85), graph), 0.85)
        self.assertIsNone(accuracy.output_cosine({"nodes": [{"name": "first"}]}, model().graph))


if __name__ == "__main__":
    unittest.main()
