// Inputs that do not fit: of other ranks and extents, without elements, left out, swapped, too many. Whatever
// a node is given, it runs because ONNX allows it, or is refused by the names of file and node.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/known_attributes.h"
#include "sim/network/onnx/import.h"
#include "sim/operators/operator.h"
#include "sim/run/simulate.h"
#include "tests/guarantees/points.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;
using guarantees::Counts;
using guarantees::Watched;

const char* const kCases = "/usr/share/libonnx-testdata/data/node";
constexpr std::int64_t kMostElements = 20000;

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  std::size_t index(std::size_t count) { return random_() % count; }
  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }

 private:
  std::mt19937 random_;
};

// An input of a node: its tensor, and whether it is a constant of the model. Absent: an empty name.
struct Input {
  bool given = true, constant = false;
  Tensor tensor;
  std::int32_t type = onnx::TensorProto::FLOAT;
};

Tensor of_shape(const Shape& shape, const std::vector<double>& values) {
  Tensor tensor = Tensor::filled(shape, 0);
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    tensor.values[i] = values.empty() ? 0.5 : values[i % values.size()];
  return tensor;
}

// Another shape of a tensor of this one.
Shape other_shape(Random& random, Shape shape) {
  const std::size_t at = random.index(std::max<std::size_t>(shape.size(), 1));
  const auto where = shape.begin() + static_cast<std::ptrdiff_t>(shape.empty() ? 0 : at);
  switch (random.index(7)) {
    case 0:
      shape.insert(where, static_cast<std::int64_t>(random.index(3)));
      break;
    case 1:
      if (!shape.empty()) shape.erase(where);
      break;
    case 2:
      if (!shape.empty()) shape[at] += 1;
      break;
    case 3:
      if (!shape.empty()) shape[at] = std::max<std::int64_t>(shape[at] - 1, 0);
      break;
    case 4:
      shape.clear();
      break;
    case 5:
      if (!shape.empty()) shape[at] = 0;
      break;
    default:
      std::reverse(shape.begin(), shape.end());
  }
  return element_count(shape) > kMostElements ? Shape{2, 3} : shape;
}

void spoil(Random& random, std::vector<Input>& inputs) {
  if (inputs.empty()) return;
  Input& input = inputs[random.index(inputs.size())];
  switch (random.index(8)) {
    case 0:
      input.given = false;
      break;
    case 1:
      std::swap(input, inputs[random.index(inputs.size())]);
      break;
    case 2:
      inputs.push_back(input);
      break;
    case 3:
      inputs.pop_back();
      break;
    case 4:
      input.constant = !input.constant;
      break;
    default:
      input.tensor = of_shape(other_shape(random, input.tensor.shape), input.tensor.values);
  }
}

void fill(onnx::TensorProto& proto, const std::string& name, const Input& input) {
  proto.set_name(name);
  proto.set_data_type(input.type);
  for (const std::int64_t extent : input.tensor.shape) proto.add_dims(extent);
  for (const double value : input.tensor.values) {
    if (input.type == onnx::TensorProto::INT64) proto.add_int64_data(static_cast<std::int64_t>(value));
    if (input.type == onnx::TensorProto::FLOAT) proto.add_float_data(static_cast<float>(value));
    if (input.type != onnx::TensorProto::INT64 && input.type != onnx::TensorProto::FLOAT)
      proto.add_int32_data(static_cast<std::int32_t>(value));
  }
}

// The node with these inputs as a model of its own; its outputs are of whatever shape comes out.
std::string model_of(onnx::NodeProto node, const std::vector<Input>& inputs, int opset) {
  testing::Model model(opset);
  node.set_name("n");
  node.clear_input();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = inputs[i].given ? "x" + std::to_string(i) : "";
    node.add_input(name);
    if (!inputs[i].given) continue;
    if (inputs[i].constant)
      fill(*model.graph().add_initializer(), name, inputs[i]);
    else
      model.input(name, inputs[i].tensor.shape, inputs[i].type);
  }
  for (const std::string& output : node.output())
    if (!output.empty()) model.graph().add_output()->set_name(output);
  *model.graph().add_node() = node;
  return model.bytes();
}

// The node "n" or what it was taken apart into, its operator, or one of the inputs x0, x1, ...
bool names_file_and_node(const std::string& line, const std::string& op) {
  const auto has = [&](const std::string& text) { return line.find(text) != std::string::npos; };
  return line.rfind("m.onnx: ", 0) == 0 &&
         (has("'n'") || has(" n (") || has(": n: ") || has(": n/") || has(op) || has("'x") || has(": x"));
}

// Runs or refuses; anything else than ErrorLines is a mistake of bpusim's own.
void try_node(const onnx::NodeProto& node, const std::vector<Input>& inputs, int opset,
              const std::string& what, Counts& counts) {
  static const MachineParams machine = read_machine("generic");
  static const Policy policy = Policy::read("full");
  const Watched watched(what);
  try {
    RunSpec spec;
    spec.network = parse_onnx(model_of(node, inputs, opset), "m.onnx", "", {}, 1);
    for (const std::string& name : spec.network.inputs) {
      const auto at = static_cast<std::size_t>(std::stoi(name.substr(1)));
      spec.network.values[name].hold(inputs.at(at).tensor);
    }
    simulate({spec, machine, policy});
    ++counts["run"];
  } catch (const ErrorLines& error) {
    ++counts["refused"];
    for (const std::string& line : error.lines())
      EXPECT_TRUE(names_file_and_node(line, node.op_type())) << what << ": " << line;
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": internal error: " << error.what();
  }
}

std::string describe(const onnx::NodeProto& node, const std::vector<Input>& inputs) {
  std::string text = node.op_type() + "(";
  for (const Input& input : inputs)
    text += (text.back() == '(' ? "" : ", ") +
            (input.given ? to_string(input.tensor.shape) + (input.constant ? "c" : "") : std::string("-"));
  return text + ")";
}

struct Case {
  std::string name;
  int opset = 13;
  onnx::NodeProto node;
  std::vector<Input> inputs;
};

onnx::ModelProto model_at(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  onnx::ModelProto model;
  model.ParseFromIstream(&in);
  return model;
}

// The case of a folder, if it is of one operator that bpusim knows and of numbers.
bool read_case(const fs::path& folder, Case& found) {
  const onnx::ModelProto model = model_at(folder / "model.onnx");
  if (model.graph().node_size() != 1 || find_operator(model.graph().node(0).op_type()) == nullptr)
    return false;
  found.name = folder.filename().string();
  found.node = model.graph().node(0);
  found.opset = static_cast<int>(model.opset_import(0).version());
  int next = 0;
  for (const std::string& name : found.node.input()) {
    Input input;
    input.given = !name.empty();
    if (input.given) {
      const auto& declared = model.graph().input(next);
      input.type = declared.type().tensor_type().elem_type();
      const AnyTensor tensor =
          read_pb((folder / "test_data_set_0" / ("input_" + std::to_string(next++) + ".pb")).string());
      if (!std::holds_alternative<Tensor>(tensor)) return false;
      input.tensor = std::get<Tensor>(tensor);
      if (input.tensor.size() > kMostElements) return false;
      input.constant = next > 1;
    }
    found.inputs.push_back(std::move(input));
  }
  return true;
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(kCases)) {
    Case found;
    try {
      if (fs::is_regular_file(entry.path() / "model.onnx") && read_case(entry.path(), found))
        cases.push_back(std::move(found));
    } catch (const InputError&) {  // of element types that are not read
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

TEST(WrongInputs, OfOnnxsOwnCasesRunOrAreRefusedByName) {
  if (!fs::is_directory(kCases)) GTEST_SKIP() << "libonnx-testdata is not installed";
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 300U);
  Counts counts("wrong inputs of " + std::to_string(cases.size()) + " cases of ONNX");
  const int points = guarantees::points(600);
  for (int point = 0; point < points; ++point) {
    Random random(guarantees::seed() * 1000003 + static_cast<unsigned>(point));
    const Case& chosen = cases[(static_cast<std::size_t>(point) * 7919 + guarantees::seed()) % cases.size()];
    std::vector<Input> inputs = chosen.inputs;
    for (std::size_t n = 1 + random.index(2); n > 0; --n) spoil(random, inputs);
    try_node(chosen.node, inputs, chosen.opset,
             "point " + std::to_string(point) + ", " + chosen.name + ": " + describe(chosen.node, inputs),
             counts);
  }
}

// Inputs that fit one operator or another; the last ones are lists as shapes, axes and indices are.
Input drawn_input(Random& random) {
  static const Shape shapes[] = {
      {},           {1},          {4},          {2, 3},       {3, 4},          {1, 4, 6},
      {1, 4, 6, 6}, {2, 4, 5, 5}, {4, 4, 3, 3}, {4, 1, 3, 3}, {1, 2, 3, 4, 5}, {1, 1, 2, 1, 2, 3},
      {0},          {1, 0, 2}};
  Input input;
  const bool list = random.chance(0.3);
  input.constant = random.chance(list ? 0.9 : 0.3);
  input.type = list                 ? onnx::TensorProto::INT64
               : random.chance(0.1) ? onnx::TensorProto::BOOL
                                    : onnx::TensorProto::FLOAT;
  input.given = !random.chance(0.05);
  input.tensor = Tensor::filled(
      list ? Shape{static_cast<std::int64_t>(random.index(5))} : shapes[random.index(std::size(shapes))], 0);
  for (double& v : input.tensor.values)
    v = list                                    ? static_cast<double>(random.index(6)) - 1
        : input.type == onnx::TensorProto::BOOL ? static_cast<double>(random.index(2))
                                                : random.real(-2, 2);
  return input;
}

void draw_attributes(Random& random, const std::vector<KnownAttribute>& known, onnx::NodeProto& node) {
  for (const KnownAttribute& attribute : known) {
    if (random.chance(0.6)) continue;
    const auto small = [&] { return static_cast<std::int64_t>(random.index(6)) - 2; };
    if (attribute.kind == AttributeKind::Int) testing::set_int(node, attribute.name, small());
    if (attribute.kind == AttributeKind::Float)
      testing::set_float(node, attribute.name, static_cast<float>(random.real(-1, 2)));
    if (attribute.kind == AttributeKind::Ints) {
      testing::Dims values(random.index(5));
      for (std::int64_t& value : values) value = small();
      testing::set_ints(node, attribute.name, values);
    }
    if (attribute.kind == AttributeKind::String) {
      static const char* const words[] = {"ij,jk->ik", "i,i->", "SAME_UPPER",    "VALID", "linear", "cubic",
                                          "reflect",   "CRD",   "align_corners", "none",  ""};
      testing::set_string(node, attribute.name, words[random.index(std::size(words))]);
    }
  }
}

TEST(WrongInputs, OfEveryOperatorRunOrAreRefusedByName) {
  Counts counts("drawn inputs of every operator");
  const auto& registry = operator_registry();
  const int points = guarantees::points(600);
  for (int point = 0; point < points; ++point) {
    Random random(guarantees::seed() * 1000033 + static_cast<unsigned>(point));
    const OperatorDefinition& row = registry[static_cast<std::size_t>(point) % registry.size()];
    onnx::NodeProto node;
    node.set_op_type(row.op);
    node.add_output("y");
    for (std::size_t n = random.index(3); n > 1; --n) node.add_output("z" + std::to_string(n));
    if (const auto known = known_attributes(row.op)) draw_attributes(random, *known, node);
    std::vector<Input> inputs(random.index(5));
    for (Input& input : inputs) input = drawn_input(random);
    static const int opsets[] = {9, 11, 13, 17, 18, 21};
    try_node(node, inputs, opsets[random.index(std::size(opsets))],
             "point " + std::to_string(point) + ": " + describe(node, inputs) + " " + node.ShortDebugString(),
             counts);
  }
}

}  // namespace
}  // namespace bpusim
