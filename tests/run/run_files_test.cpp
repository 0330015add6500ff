// Run files: what they are based on, where their paths start, how they are found, and names of what is not
// there.
#include <gtest/gtest.h>

#include "sim/config/config_paths.h"
#include "sim/network/files/tensor_files.h"
#include "sim/run/simulate.h"
#include "sim/scenario/run_sources.h"
#include "tests/run/quantised_models.h"
#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;
using namespace testing;

std::string npy(const Shape& shape, double value) {
  std::string bytes;
  write_npy(Tensor::filled(shape, value), [&](const void* data, std::size_t count) {
    bytes.append(static_cast<const char*>(data), count);
  });
  return bytes;
}

class RunFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(folder_.path() + "/" + name).parent_path());
    return folder_.write(name, text);
  }
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string error(const std::string& name, const Overrides& overrides = {}) const {
    return error_of([&] { simulate(resolve(at(name), overrides), RunOptions::timing()); });
  }
  std::string check_error(const std::string& name, const Overrides& overrides = {}) const {
    return error_of([&] { check(resolve(at(name), overrides)); });
  }

  TemporaryFolder folder_;
};

TEST_F(RunFiles, AMapIsMergedAndAListReplaced) {
  write("base.yaml",
        "name: base\nmachine: rdk-x5\npolicy: full\nset: {mac.rows: 8, mac.cols: 8}\nint16: [a]\n"
        "on: {b: cpu}\noperators:\n  - {name: a, op: Relu, shape: [1, 4]}\n");
  write("top.yaml",
        "base: base.yaml\nset: {mac.rows: 16}\nint16: [c, d]\non: {c: cpu}\noperators:\n"
        "  - {name: c, op: Relu, shape: [1, 4]}\n  - {name: d, op: Relu, shape: [1, 4]}\n");
  const RunSpec run = read_run(at("top.yaml"));
  EXPECT_EQ(run.name, "top") << "a name is a file's own";
  EXPECT_EQ(run.machine, "rdk-x5");
  EXPECT_EQ(run.policy, "full");
  EXPECT_EQ(run.settings, (std::vector<std::string>{"mac.rows=16", "mac.cols=8"}));
  EXPECT_EQ(run.int16, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(run.on.size(), 2U);
  ASSERT_EQ(run.network.nodes.size(), 2U);
  EXPECT_EQ(run.network.nodes[0].name, "c");
  // Settings stand where their file has them.
  EXPECT_EQ(run.setting_places.at("mac.rows=16"), at("top.yaml") + ":2: set.mac.rows");
  EXPECT_EQ(run.setting_places.at("mac.cols=8"), at("base.yaml") + ":4: set.mac.cols");
}

TEST_F(RunFiles, BasesAreChained) {
  write("a.yaml", "machine: rdk-x3\nseed: 3\noperators: [{op: Relu, shape: [1, 4]}]\n");
  write("b.yaml", "base: a.yaml\nmachine: rdk-x5\n");
  write("c.yaml", "base: b.yaml\nseed: 4\n");
  const RunSpec run = read_run(at("c.yaml"));
  EXPECT_EQ(run.machine, "rdk-x5");
  EXPECT_EQ(run.network.nodes.size(), 1U);
}

TEST_F(RunFiles, ACircleIsRefusedWithItsChain) {
  write("a.yaml", "base: b.yaml\n");
  write("b.yaml", "base: sub/c.yaml\n");
  write("sub/c.yaml", "base: ../a.yaml\n");
  const std::string wrong = error("a.yaml");
  EXPECT_NE(wrong.find(at("sub/c.yaml") + ":1: base: is based on itself: " + at("a.yaml") + " -> " +
                       at("b.yaml") + " -> " + at("sub/c.yaml") + " -> " + at("sub/../a.yaml")),
            std::string::npos)
      << wrong;
}

TEST_F(RunFiles, AMistakeNamesTheFileThatHasIt) {
  write("base.yaml", "machine: rdk-x5\nmapings: split\nseed: many\noperators: [{op: Relu, shape: [1, 4]}]\n");
  write("top.yaml", "base: base.yaml\nposition: 1\n");
  const std::string wrong = error("top.yaml");
  EXPECT_NE(wrong.find(at("base.yaml") + ":2: mapings: unknown key, did you mean 'mapping'?"),
            std::string::npos)
      << wrong;
  EXPECT_NE(wrong.find(at("base.yaml") + ":3: seed: expected a number, got 'many'"), std::string::npos)
      << wrong;
  EXPECT_NE(wrong.find(at("top.yaml") + ":2: position: unknown key"), std::string::npos) << wrong;
  write("none.yaml", "base: nowhere.yaml\n");
  EXPECT_NE(error("none.yaml").find(at("none.yaml") + ":1: base: " + at("nowhere.yaml") + ": no such file"),
            std::string::npos)
      << error("none.yaml");
  write("machine.yaml", "mac: {rows: 8}\n");
  write("odd.yaml", "base: machine.yaml\n");
  EXPECT_NE(
      error("odd.yaml").find(at("odd.yaml") + ":1: base: " + at("machine.yaml") + ": this is a machine file"),
      std::string::npos)
      << error("odd.yaml");
}

TEST_F(RunFiles, PathsStartAtTheFileThatNamesThem) {
  write("models/m.onnx", relu().bytes());
  write("models/x.npy", npy({1, 4}, 0.5));
  write("models/samples/s.npy", npy({1, 4}, 0.25));
  write("models/own.yaml", "name: own\nmac: {rows: 8}\n");
  write("models/own_policy.yaml",
        "name: own_policy\noperators: [{op: Relu, on: bpu, reason: r, source: s}]\n");
  write("models/base.yaml",
        "model: m.onnx\ninputs: {x: x.npy}\ncalibration_samples: [samples]\nmachine: own.yaml\n"
        "policy: ./own_policy.yaml\n");
  write("runs/top.yaml", "base: ../models/base.yaml\n");
  const Scenario scenario = resolve(at("runs/top.yaml"));
  EXPECT_EQ(scenario.machine.name, "own");
  EXPECT_EQ(scenario.machine.mac.rows, 8);
  EXPECT_EQ(scenario.policy.name(), "own_policy");
  const RunResult result = simulate(scenario);
  ASSERT_TRUE(result.quantised);
  EXPECT_EQ(result.quantised->samples, 1U);
  EXPECT_EQ(result.quantised->source, DataSource::Samples);
}

TEST_F(RunFiles, MachinesAndPoliciesThatAreNotThereAreSaidWhereTheyAreNamed) {
  write("run.yaml", "machine: x5\npolicy: ./p.yaml\noperators: [{op: Relu, shape: [1, 4]}]\n");
  const std::string wrong = error("run.yaml");
  EXPECT_NE(wrong.find(at("run.yaml") + ":1: machine: there is no 'x5' in machines, did you mean 'rdk-x5'?"),
            std::string::npos)
      << wrong;
  EXPECT_NE(wrong.find(at("run.yaml") + ":2: policy: " + at("./p.yaml") + ": no such file"),
            std::string::npos)
      << wrong;
}

TEST_F(RunFiles, WhatIsSpelledInAnotherWayIsTakenAndSaid) {
  write("run.yaml", "machine: RDK_X5\noperators: [{op: layer_normalization, shape: [1, 4]}]\n");
  Overrides overrides;
  overrides.policy = "FULL";
  std::vector<std::string> notes;
  Listener listener;
  listener.note = [&](const std::string& text) { notes.push_back(text); };
  const Scenario scenario = resolve(at("run.yaml"), overrides, listener);
  EXPECT_EQ(scenario.machine.name, "rdk-x5");
  EXPECT_EQ(scenario.run.network.nodes[0].op, "LayerNormalization");
  const std::vector<std::string> expected = {
      at("run.yaml") + ":1: machine: 'RDK_X5' is taken as rdk-x5",
      at("run.yaml") + ":2: operators[0].op: 'layer_normalization' is taken as LayerNormalization",
      "policy 'FULL' is taken as full"};
  EXPECT_EQ(notes, expected);
  EXPECT_EQ(scenario.run.notes, expected) << "the report has them too";
}

TEST_F(RunFiles, WithoutAMachineOneIsTakenAndSaid) {
  write("m.onnx", relu().bytes());
  const Scenario scenario = resolve(at("m.onnx"));
  EXPECT_EQ(scenario.machine.name, "generic");
  ASSERT_EQ(scenario.run.notes.size(), 1U);
  EXPECT_EQ(scenario.run.notes[0].find("no machine is named: generic is taken"), 0U);
  Overrides named;
  named.machine = "generic";
  EXPECT_TRUE(resolve(at("m.onnx"), named).run.notes.empty());
}

TEST_F(RunFiles, ShippedOnesAreFoundByName) {
  EXPECT_EQ(run_path("norms").path, resolve_config("runs", "norms"));
  EXPECT_EQ(run_path("Norms").taken, "run 'Norms' is taken as norms");
  EXPECT_EQ(error_of([] { run_path("nroms"); }),
            "'nroms' is no file, and no run that comes with bpusim, did you mean 'norms'?");
  EXPECT_EQ(run_path("nroms.yaml").path, "nroms.yaml") << "a file's name is none of theirs";
  write("mine.yaml", "base: norms\nmachine: rdk-x5\n");
  EXPECT_GT(read_run(at("mine.yaml")).network.nodes.size(), 10U);
  bool norms = false;
  for (const ShippedRun& run : shipped_runs()) {
    EXPECT_FALSE(run.description.empty()) << run.name;
    norms = norms || run.name == "norms";
  }
  EXPECT_TRUE(norms);
}

TEST_F(RunFiles, AModelThatHasToBeMadeSaysHow) {
  write("run.yaml", "model: zoo/m.onnx\nmodel_made_by: scripts/zoo m\n");
  EXPECT_EQ(error("run.yaml"), at("run.yaml") + ":1: model: " + at("zoo/m.onnx") +
                                   " is not there: `scripts/zoo m`, in bpusim's folder, makes it");
  write("zoo/m.onnx", relu().bytes());
  EXPECT_EQ(error("run.yaml"), "no error");
}

TEST_F(RunFiles, OtherFilesAreToldApart) {
  write("m.yaml", "mac: {rows: 8}\n");
  EXPECT_EQ(error("m.yaml"),
            at("m.yaml") + ": this is a machine file: bpusim run MODEL --machine " + at("m.yaml"));
  write("p.yaml", "operators: [{op: Relu, on: cpu, reason: r, source: s}]\n");
  EXPECT_EQ(error("p.yaml"),
            at("p.yaml") + ": this is a policy file: bpusim run MODEL --policy " + at("p.yaml"));
}

TEST_F(RunFiles, GivenInputsAreThoseOfTheRun) {
  write("m.onnx", relu().bytes());
  const std::string x = write("x.npy", npy({1, 4}, 0.5));
  Overrides overrides;
  overrides.inputs = {"x=" + x};
  const Scenario scenario = resolve(at("m.onnx"), overrides);
  EXPECT_FALSE(scenario.run.drawn_inputs);
  EXPECT_EQ(scenario.run.network.values.at("x").data->values, std::vector<double>(4, 0.5));
  // Before those of the file.
  const std::string other = write("other.npy", npy({1, 4}, 0.25));
  write("run.yaml", "model: m.onnx\ninputs: {x: other.npy}\n");
  EXPECT_EQ(resolve(at("run.yaml"), overrides).run.network.values.at("x").data->values[0], 0.5);
  EXPECT_EQ(resolve(at("run.yaml")).run.network.values.at("x").data->values[0], 0.25);
  overrides.inputs = {"x=" + write("long.npy", npy({1, 5}, 0.5))};
  EXPECT_NE(check_error("m.onnx", overrides)
                .find("value 'x' is an input of shape 1x4, and what is given for it has 1x5"),
            std::string::npos);
  for (const char* text : {"x", "x=", "=x.npy"}) {
    overrides.inputs = {text};
    EXPECT_EQ(check_error("m.onnx", overrides),
              "--input " + std::string(text) + ": expected NAME=FILE, as x=x.npy");
  }
  overrides.inputs = {"x=" + x, "x=" + other};
  EXPECT_EQ(check_error("m.onnx", overrides), "--input x=" + other + ": 'x' is set twice");
}

TEST_F(RunFiles, DimensionsAreDigitsOfANameEach) {
  Model model;
  model.open_input("x", "batch", {4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"y"}, "relu");
  write("m.onnx", model.bytes());
  Overrides overrides;
  for (const char* text :
       {"batch=1x", "batch=", "=3", "batch", "batch=-1", "batch=0", "batch=1e3", "batch= 3"}) {
    overrides.dims = {text};
    EXPECT_EQ(check_error("m.onnx", overrides).find("--dim " + std::string(text) + ": expected NAME=VALUE"),
              0U)
        << text;
  }
  overrides.dims = {"batch=2", "batch=3"};
  EXPECT_EQ(check_error("m.onnx", overrides), "--dim batch=3: 'batch' is set twice");
  overrides.dims = {"batch=2", "batch=2"};
  EXPECT_EQ(check_error("m.onnx", overrides), "no error");
  overrides.dims = {"bacth=2"};
  EXPECT_NE(check_error("m.onnx", overrides).find("no open dimension 'bacth', did you mean 'batch'?"),
            std::string::npos);
}

TEST_F(RunFiles, AllNamesThatAreNotThereAreSaidAtOnce) {
  write("m.onnx", image_model().bytes());
  Overrides overrides;
  overrides.dims = {"n=1"};
  overrides.assume = {"branch=true"};
  overrides.inputs = {"imag=" + write("x.npy", npy({1, 4}, 0.5))};
  overrides.on = {"had=cpu"};
  overrides.int16 = {"cnv"};
  overrides.int32 = {"z"};
  for (const std::string& wrong : {check_error("m.onnx", overrides), error("m.onnx", overrides)}) {
    EXPECT_NE(wrong.find("the model has no open dimension 'n'"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("the model has no If 'branch'"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("the model has no such input, did you mean 'image'?"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("on: 'had' is no node and no operator of the network, did you mean 'head'?"),
              std::string::npos)
        << wrong;
    EXPECT_NE(
        wrong.find("int16: 'cnv' is no node that runs, and no input of the network, did you mean 'conv'?"),
        std::string::npos)
        << wrong;
    EXPECT_NE(wrong.find("int32: 'z' is no output of the network"), std::string::npos) << wrong;
  }
}

TEST_F(RunFiles, OptionsOfAModelNeedOne) {
  write("run.yaml", "operators: [{op: Relu, shape: [1, 4]}]\n");
  Overrides overrides;
  overrides.dims = {"n=1"};
  overrides.inputs = {"x=x.npy"};
  overrides.assume = {"a=true"};
  const std::string none = ": the run lists operators, and has no model that this could be of";
  EXPECT_EQ(check_error("run.yaml", overrides),
            "--dim n=1" + none + "\n--input x=x.npy" + none + "\n--assume a=true" + none);
}

TEST_F(RunFiles, ANameInFrontOfNodesStandsForThem) {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"a"}, "block/first");
  model.node("Relu", {"a"}, {"y"}, "block/second");
  model.node("Relu", {"y"}, {"z"}, "blockless");
  model.output("z", {1, 4});
  write("m.onnx", model.bytes());
  Overrides overrides;
  overrides.on = {"block=cpu"};
  std::map<std::string, Side> sides;
  for (const PlacedNode& node : check(resolve(at("m.onnx"), overrides)).nodes) sides[node.name] = node.on;
  EXPECT_EQ(sides.at("block/first"), Side::Cpu);
  EXPECT_EQ(sides.at("block/second"), Side::Cpu);
  EXPECT_EQ(sides.at("blockless"), Side::Bpu);
  overrides.on = {"block=cpu", "block/second=bpu"};
  sides.clear();
  for (const PlacedNode& node : check(resolve(at("m.onnx"), overrides)).nodes) sides[node.name] = node.on;
  EXPECT_EQ(sides.at("block/first"), Side::Cpu);
  EXPECT_EQ(sides.at("block/second"), Side::Bpu);
  overrides.on = {"bloc=cpu"};
  EXPECT_NE(check_error("m.onnx", overrides).find("on: 'bloc' is no node"), std::string::npos);
}

// A file's QLinearConv is a Conv among others here, and goes by either name.
TEST_F(RunFiles, ANodeThatBecameSeveralGoesByItsNameInTheFile) {
  QuantisedModel model;
  const int type = onnx::TensorProto::INT8;
  model.input("x", {1, 2, 4, 4});
  model.output("y", {1, 2, 4, 4});
  for (const char* grid : {"x", "w", "c"}) model.grid(grid, 0.05F, 0, type);
  model.codes("w", {2, 2, 1, 1}, type, {20, -7, 3, 11});
  model.quantise("x", "x", "x_codes");
  model.node("QLinearConv", {"x_codes", "x_scale", "x_zero", "w", "w_scale", "w_zero", "c_scale", "c_zero"},
             {"c_codes"}, "c");
  model.dequantise("c_codes", "c", "y");
  write("m.onnx", model.bytes());
  for (const char* name : {"c", "c/Conv"}) {
    Overrides overrides;
    overrides.on = {std::string(name) + "=cpu"};
    bool found = false;
    for (const PlacedNode& node : check(resolve(at("m.onnx"), overrides)).nodes) {
      if (node.name != "c/Conv") continue;
      found = true;
      EXPECT_EQ(node.on, Side::Cpu) << name;
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(error("m.onnx", overrides), "no error");
  }
}

TEST_F(RunFiles, CheckNeedsTheSamplesThatARunNeeds) {
  write("m.onnx", relu().bytes());
  write("run.yaml", "model: m.onnx\ncalibration_samples: [nowhere]\n");
  EXPECT_NE(check_error("run.yaml").find("nowhere: no such file or folder"), std::string::npos);
  write("by_input.yaml", "model: m.onnx\ncalibration_samples: {x: nowhere}\n");
  EXPECT_NE(check_error("by_input.yaml").find(at("by_input.yaml") + ":2: calibration_samples.x: "),
            std::string::npos)
      << check_error("by_input.yaml");
  EXPECT_EQ(error("run.yaml"), "no error") << "timing alone needs none";
}

TEST_F(RunFiles, AnOperatorsMistakeIsInItsOwnName) {
  Model model;
  model.input("x", {1, 2, 4, 4});
  model.output("y", {1, 2, 1, 1});
  set_ints(model.node("MaxPool", {"x"}, {"y"}, "pool"), "kernel_shape", {9, 9});
  write("m.onnx", model.bytes());
  EXPECT_EQ(check_error("m.onnx"), at("m.onnx") + ": pool: MaxPool: the kernel reaches over 9 of 4");
}

}  // namespace
}  // namespace bpusim
