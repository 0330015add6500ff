#!/usr/bin/python3
"""JSON Schemas of the files that bpusim reads, and of what it lists: they take what the program takes, and its keys are theirs.

Usage: tests/scripts/file_schema_test.py BPUSIM"""
import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml
from jsonschema import Draft202012Validator

BPUSIM = sys.argv.pop(1)
TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
SCHEMA_LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


class Loader(yaml.SafeLoader):
    """Scalars of YAML 1.2, as editors and bpusim have them: `on` is a word, 1e-5 a number."""


Loader.yaml_implicit_resolvers = {}
for kind, pattern, first in (("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]), ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
                             ("int", r"[-+]?[0-9]+", list("-+0123456789")),
                             ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789"))):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + kind, re.compile(rf"^(?:{pattern})$"), first)
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


def read(text):
    return yaml.load(text, Loader)


def schema_of(kind):
    with open(f"{TOP}/docs/{kind}.schema.json") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return schema


def mistakes(kind, value):
    return [f"{e.json_path}: {e.message}" for e in Draft202012Validator(schema_of(kind)).iter_errors(value)]


def said(text):
    """What `bpusim check` says of a run file with this text, on stdout and stderr."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/run.yaml", "w") as file:
            file.write(text)
        done = subprocess.run([BPUSIM, "check", f"{folder}/run.yaml"], capture_output=True, text=True)
    return done.stdout + done.stderr


class Files(unittest.TestCase):
    def hold(self, kind, value):
        self.assertEqual(mistakes(kind, value), [])

    def refuse(self, kind, value):
        self.assertNotEqual(mistakes(kind, value), [], value)

    def test_all_files_hold_and_name_their_schema(self):
        for pattern, kind in (("configs/machines/*.yaml", "machine"), ("configs/support/*.yaml", "policy"),
                              ("configs/runs/*.yaml", "run-file"), ("tests/valgrind/*.yaml", "run-file")):
            paths = glob.glob(f"{TOP}/{pattern}")
            self.assertTrue(paths, pattern)
            for path in paths:
                with self.subTest(path), open(path) as file:
                    text = file.read()
                    self.hold(kind, read(text))
                    line = SCHEMA_LINE.match(text)
                    self.assertTrue(line, "no schema in its first line")
                    found = os.path.normpath(os.path.join(os.path.dirname(path), line[1]))
                    self.assertEqual(found, f"{TOP}/docs/{kind}.schema.json")
                    self.assertTrue(os.path.isfile(found))

    def test_examples_of_the_docs_hold(self):
        with open(f"{TOP}/docs/runs.md") as file:
            blocks = re.findall(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S)
        runs = [block for block in blocks if "operators:" in block or "model:" in block]
        self.assertTrue(runs)
        for block in runs:
            self.hold("run-file", read(block))
        for block in (block for block in blocks if block not in runs):
            self.hold("run-file", read("model: net.onnx\n" + block))
        with open(f"{TOP}/docs/policies.md") as file:
            rows = re.search(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S)[1]
        self.hold("policy", {"operators": read(rows)})

    def test_run_files_that_are_refused(self):
        self.hold("run-file", read("operators: [{op: Relu, shape: [4]}]"))
        for text in ("operators: [{op: Rleu, shape: [4]}]", "operators: [{op: Relu, shpe: [4]}]", "operators: []", "machine: rdk-x5",
                     "{model: a.onnx, operators: [{op: Relu, shape: [4]}]}", "{operators: [{op: Relu, shape: [4]}], dim: {batch: 1}}",
                     "{model: a.onnx, set: {mac.rwos: 8}}", "{model: a.onnx, set: {mac.rows: 0}}", "{model: a.onnx, calibration: most}",
                     "{model: a.onnx, on: {a: gpu}}", "{model: a.onnx, pixels: {x: {train: rgb}}}", "{model: a.onnx, mapping: fast}"):
            self.refuse("run-file", read(text))

    # Objects of a run file: where they stand in the schema, and a file with `KEYS` in their place.
    OBJECTS = [
        ((), "operators: [{op: Relu, shape: [4]}]\nKEYS", lambda key, schema: key not in schema["then"]["dependentRequired"]),
        ((), "model: nowhere.onnx\nKEYS", lambda key, schema: True),
        (("operators", "items"), "operators:\n- op: Relu\n  shape: [4]\n  KEYS", None),
        (("operators", "items", "then", "items", "anyOf", 1), "operators:\n- op: Relu\n  shape: [4]\n  then:\n  - op: Relu\n    KEYS", None),
        (("operators", "items", "data", "anyOf", 2), "operators:\n- op: Relu\n  shape: [4]\n  data:\n    KEYS", None),
        (("calibration_samples", "anyOf", 1, "additionalProperties", "anyOf", 1),
         "operators: [{op: Relu, shape: [4]}]\ncalibration_samples:\n  x:\n    KEYS", None),
        (("pixels", "additionalProperties"), "model: nowhere.onnx\npixels:\n  x:\n    KEYS", None),
        (("remove_at_edges",), "model: nowhere.onnx\nremove_at_edges:\n  KEYS", None),
    ]

    def objects(self):
        """(file, properties) of each object of OBJECTS"""
        schema = schema_of("run-file")
        for path, text, wanted in self.OBJECTS:
            here = schema
            for step in path:
                here = here["properties"][step] if isinstance(step, str) and step in here.get("properties", {}) else here[step]
            self.assertIs(here["additionalProperties"], False)
            yield text, [key for key in here["properties"] if wanted is None or wanted(key, schema)]

    def test_the_reader_takes_every_key_of_the_schema(self):
        for text, keys in self.objects():
            indent = re.search(r"( *)KEYS", text)[1]
            taken = re.findall(r"^[- ]*(\w+):", text, re.M)
            lines = f"\n{indent}".join(f"{key}: 0" for key in keys if key not in taken)
            self.assertNotIn("unknown key", said(text.replace("KEYS", lines)))
            self.assertIn("unknown key", said(text.replace("KEYS", "nonsense: 0")))

    def test_the_schema_has_every_key_of_the_reader(self):
        read_keys = set()
        for source in ("run_file.cpp", "run_sources.cpp", "operator_list.cpp", "pixel_inputs.cpp"):
            with open(f"{TOP}/sim/scenario/{source}") as file:
                read_keys.update(re.findall(r'(?<!lists)\["(\w+)"\]', file.read()))
        self.assertGreater(len(read_keys), 50)
        known = {key for _, keys in self.objects() for key in keys}
        self.assertEqual(read_keys - known, set())

    def test_vendor_yaml(self):
        with open(f"{TOP}/tests/fuzz/corpus/run/vendor") as file:
            text = file.read()
        mapper = read(text)
        self.hold("vendor-yaml", mapper)
        compile_ = copy.deepcopy(mapper)
        compile_["model_parameters"]["march"] = "nash-e"
        self.hold("vendor-yaml", compile_)

        def changed(sample, group, key, value):
            other = copy.deepcopy(sample)
            other.setdefault(group, {})[key] = value
            return other

        for sample, group, key, value in ((mapper, "calibration_parameters", "per_channel", "False"), (mapper, "model_parameters", "enable_vpu", None),
                                          (mapper, "calibration_parameters", "enable_int16", True), (mapper, "custom_op", "custom_op_method", "register"),
                                          (mapper, "model_parameters", "caffe_model", "None"), (mapper, "compiler_parameters", "jobs", "4"),
                                          (compile_, "model_parameters", "enable_vpu", True), (compile_, "input_parameters", "std_value", "58;57"),
                                          (compile_, "calibration_parameters", "of_hmct", 1),
                                          (compile_, "calibration_parameters", "quant_config", {"op_config": {}})):
            self.hold("vendor-yaml", changed(sample, group, key, value))
        for sample, group, key, value in ((mapper, "model_parameters", "marsh", "bayes-e"), (mapper, "model_parameters", "march", "bayes-x"),
                                          (mapper, "model_parameters", "enable_vpu", True), (mapper, "calibration_parameters", "of_hmct", 1),
                                          (mapper, "calibration_parameters", "per_channel", "maybe"), (mapper, "model_parameters", "caffe_model", "a.caffemodel"),
                                          (mapper, "compiler_parameters", "march", "bayes-e"), (compile_, "calibration_parameters", "enable_int16", True),
                                          (mapper, "other_parameters", "x", 1)):
            self.refuse("vendor-yaml", changed(sample, group, key, value))
        without = copy.deepcopy(mapper)
        del without["model_parameters"]["march"]
        self.refuse("vendor-yaml", without)

    def test_what_is_listed(self):
        def output(*command):
            return json.loads(subprocess.run([BPUSIM, *command, "--json"], capture_output=True, text=True, check=True).stdout)

        for kind, result in (("support-result", output("list", "support")), ("support-result", output("list", "support", "--policy", "full")),
                             ("cost-result", output("cost", "MatMul", "--shape", "1,2,3"))):
            self.hold(kind, result)
            for key in result:
                missing = dict(result)
                del missing[key]
                self.refuse(kind, missing)
            self.refuse(kind, {**result, "surprise": 1})


if __name__ == "__main__":
    unittest.main()
