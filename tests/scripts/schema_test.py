#!/usr/bin/python3
"""What commands write with --json is what their JSON Schemas in docs/ say, and the schemas are strict.

Usage: tests/scripts/schema_test.py BPUSIM"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

from jsonschema import Draft202012Validator

BPUSIM = sys.argv.pop(1)
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs")
CASES = "/usr/share/libonnx-testdata/data/node"
RUN = """
operators:
  - {name: conv, op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu, InstanceNormalization]}
"""
QUANTISED = "int16_until: 0.9999999\nsensitivity: true\ncalibration: auto\n"


def validator(command):
    with open(f"{DOCS}/{command}-result.schema.json") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def result_of(run, command, *options):
    """JSON of a command on a run file with this text; of what it exits with, 0 and 3 are fine."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/run.yaml"
        with open(path, "w") as file:
            file.write(run)
        done = subprocess.run([BPUSIM, command, path, *options, "--json", "-"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout)


def objects(value, path=()):
    """The paths of all objects in it."""
    if isinstance(value, dict):
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from objects(child, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


class Schemas(unittest.TestCase):
    def hold(self, command, result):
        self.assertEqual([f"{e.json_path}: {e.message}" for e in validator(command).iter_errors(result)], [])
        return result

    def refuse(self, command, result):
        self.assertFalse(validator(command).is_valid(result))

    def test_run(self):
        self.assertTrue(self.hold("run", result_of(RUN, "run"))["nodes"][0]["accuracy"])

    def test_run_without_function(self):
        result = self.hold("run", result_of(RUN, "run", "--no-function"))
        self.assertIsNone(result["quantisation"])
        self.assertIsNone(result["nodes"][0]["accuracy"])

    def test_run_with_all_of_quantisation(self):
        quantisation = self.hold("run", result_of(QUANTISED + RUN, "run"))["quantisation"]
        for key in ("tried", "search", "sensitivity"):
            self.assertTrue(quantisation[key], key)

    def test_run_with_advice(self):
        self.assertTrue(self.hold("run", result_of(RUN, "run", "--machine", "rdk-x5"))["advice"])

    def test_run_of_text(self):
        text = "operators:\n  - {op: StringNormalizer, text: [one, two], attributes: {case_change_action: UPPER}}\n"
        self.hold("run", result_of(text, "run"))

    def test_check(self):
        self.hold("check", result_of(RUN, "check", "--machine", "rdk-x5"))
        unplaced = self.hold("check", result_of("operators:\n  - {op: RandomNormalLike, shape: [4]}\n", "check", "--policy", "bayes"))
        self.assertEqual(unplaced["nodes"][0]["on"], "-")

    def test_compare(self):
        result = self.hold("compare", result_of(RUN, "compare", "--policy", "bayes-e", "--beside-policy", "full"))
        self.assertTrue(any(kind["on"] is None for kind in result["kinds"]))
        self.assertEqual([run["label"] for run in result["runs"]], ["bayes-e", "full"])
        self.hold("compare", result_of(RUN, "compare", "--beside-policy", "full", "--no-function"))
        three = result_of(RUN, "compare", "--beside", "--int16 all", "--beside", "--machine s100 --set mac.rows=64")
        self.assertEqual(len(self.hold("compare", three)["runs"]), 3)

    @unittest.skipUnless(os.path.isdir(CASES), "the cases of libonnx-testdata are not there")
    def test_conformance(self):
        with tempfile.TemporaryDirectory() as folder:
            for case in ("test_layer_normalization_2d_axis0", "test_add", "test_instancenorm_example"):
                os.symlink(f"{CASES}/{case}", f"{folder}/{case}")
            done = subprocess.run([BPUSIM, "conformance", folder, "--json", "-"], capture_output=True, text=True)
        result = self.hold("conformance", json.loads(done.stdout))
        self.assertEqual(len(result["cases"]), 3)

    def test_no_key_may_be_missing_added_or_of_another_type(self):
        result = result_of(QUANTISED + RUN, "run", "--machine", "rdk-x5")
        for path in objects(result):
            if len(path) > 1 and any(isinstance(key, int) and key > 0 for key in path):
                continue  # the first of each list will do
            with_more = copy.deepcopy(result)
            at(with_more, path)["surprise"] = 1
            self.refuse("run", with_more)
            for key in at(result, path):
                changed = copy.deepcopy(result)
                at(changed, path)[key] = {"of": "no type that a key has"}
                self.refuse("run", changed)
                del at(changed, path)[key]
                self.refuse("run", changed)

    def test_closed_sets(self):
        for key in ("on", "bound"):
            result = result_of(RUN, "run", "--no-function")
            result["nodes"][0][key] = "elsewhere"
            self.refuse("run", result)


if __name__ == "__main__":
    unittest.main()
