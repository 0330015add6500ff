#include "sim/scenario/model_source.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/config/memory_budget.h"
#include "sim/config/suggest.h"
#include "sim/network/cut.h"
#include "sim/scenario/model_inputs.h"
#include "sim/scenario/pixel_images.h"
#include "sim/scenario/pixel_inputs.h"

namespace bpusim {

std::vector<Placed<std::string>> cut_away(const ModelSource& source, Network& network) {
  std::vector<std::string> ends;
  for (const Placed<std::string>& node : source.outputs) ends.push_back(node.value);
  if (!ends.empty()) end_at(ends, network);
  std::vector<Placed<std::string>> unused;
  // What reads an image is at no edge: the step that makes pixels numbers is in front of it.
  const auto reads_image = [&](const Node& node) {
    return !node.inputs.empty() && source.pixels.count(node.inputs[0]) != 0;
  };
  const auto remove = [&](const Placed<std::string>& named, auto&& matches) {
    const auto goes = [&](const Node& node) { return matches(node) && !reads_image(node); };
    if (remove_at_edges(goes, network).empty()) unused.push_back(named);
  };
  for (const Placed<std::string>& op : source.removed_ops)
    remove(op, [&](const Node& node) { return node.op == op.value || node.op == op.value + "Linear"; });
  for (const Placed<std::string>& name : source.removed_nodes)
    remove(name, [&](const Node& node) { return node.name == name.value; });
  return unused;
}

namespace {

constexpr std::uint64_t kSeedStep = 7919;  // from one drawn image to the next, and away from drawn numbers

// Tensors of the files that are named under inputs, but for images.
std::map<std::string, AnyTensor> read_tensors(const ModelSource& source, MemoryBudget& budget) {
  std::map<std::string, AnyTensor> tensors;
  for (const auto& [input, file] : source.files) {
    if (source.pixels.count(input) != 0) continue;
    AnyTensor tensor = read_tensor_file(file.value, &budget);
    const auto* text = std::get_if<StringTensor>(&tensor);
    const Shape& shape = text != nullptr ? text->shape : std::get<Tensor>(tensor).shape;
    if (element_count(shape) == 0)
      throw PlacementError(file.at.where() + ": " + file.at.word() + " of shape " + to_string(shape) +
                           " has no elements; tensors without elements are valid, and not run");
    tensors.emplace(input, std::move(tensor));
  }
  return tensors;
}

template <class T>
void require_inputs(const std::map<std::string, Placed<T>>& named, const Network& network) {
  for (const auto& [input, given] : named)
    if (std::find(network.inputs.begin(), network.inputs.end(), input) == network.inputs.end())
      given.at.fail("the model has no such input" + did_you_mean(input, network.inputs));
}

// Whether all of them are nodes of the network; says which are not.
bool require_nodes(const std::vector<Placed<std::string>>& named, const Network& network) {
  std::vector<std::string> names;
  for (const Node& node : network.nodes) names.push_back(node.name);
  bool all = true;
  for (const Placed<std::string>& node : named) {
    if (std::find(names.begin(), names.end(), node.value) != names.end()) continue;
    all = false;
    node.at.fail("'" + node.value + "' is no node of the model" + did_you_mean(node.value, names));
  }
  return all;
}

void set_batch(const Placed<std::int64_t>& batch, Network& network) {
  if (batch.value == 0) return;
  for (const std::string& input : network.inputs) {
    Shape& shape = network.values.at(input).shape;
    if (shape.empty() || shape[0] != 1)
      return batch.at.fail("input '" + input + "' has shape " + to_string(shape) +
                           ", and a batch is of inputs with a first extent of 1");
    shape[0] = batch.value;
  }
}

void cut_edges(const ModelSource& source, RunSpec& run) {
  if (!require_nodes(source.outputs, run.network) || !require_nodes(source.removed_nodes, run.network))
    return;
  std::map<std::string, std::pair<std::string, bool>>
      lines;  // by place: names, and whether there are several
  for (const Placed<std::string>& unused : cut_away(source, run.network)) {
    auto& [names, several] = lines[unused.at.where()];
    several = !names.empty();
    names += (several ? ", '" : "'") + unused.value + "'";
  }
  for (const auto& [place, of] : lines)
    run.notes.push_back(place + ": " + of.first + (of.second ? " touch" : " touches") +
                        " no input and no output: nothing is removed");
}

// Extents for the open dimensions of inputs, by the dimensions' names.
void take_shapes(const ModelSource& source, const Network& network, Dimensions& dims) {
  for (const auto& [input, given] : source.shapes) {
    const auto value = network.values.find(input);
    if (value == network.values.end()) continue;  // said later: no such input
    const Shape &model = value->second.shape, &wanted = given.value;
    const std::string shapes = to_string(wanted) + ", and the model's is " + to_string(model);
    if (wanted.size() != model.size()) {
      given.at.fail("input '" + input + "' is to have shape " + shapes);
      continue;
    }
    const auto axes = network.open_axes.find(input);
    for (std::size_t d = 0; d < wanted.size(); ++d) {
      const bool open = model[d] < 1 && axes != network.open_axes.end() && d < axes->second.size();
      const auto extent = open ? dims.emplace(axes->second[d], wanted[d]).first->second : model[d];
      if (extent != wanted[d]) given.at.fail("input '" + input + "' is to have shape " + shapes);
    }
  }
}

// The step in front of the network, and the image that it reads: given, or drawn. Whether they could be made;
// says why not.
bool take_image(const std::string& input, const ModelSource& source, std::uint64_t seed, MemoryBudget& budget,
                Network& network, std::map<std::string, AnyTensor>& tensors) {
  const Placed<PixelInput>& given = source.pixels.at(input);
  const auto file = source.files.find(input);
  try {
    put_preprocess(input, given.value, network);
    const PixelInput& pixels = network.pixels.at(input);
    const Shape shape = board_shape(pixels);
    if (file == source.files.end())
      budget.charge(sizeof(double) * static_cast<double>(element_count(shape)),
                    network.file + ": input '" + input + "' of shape " + to_string(shape));
    const Tensor image = file == source.files.end() ? drawn_image(pixels, seed)
                                                    : read_image(file->second.value, shape, &budget);
    for (auto& [name, tensor] : board_values(input, pixels, image)) tensors[name] = std::move(tensor);
  } catch (const std::invalid_argument& error) {
    const bool of_file = file != source.files.end() && network.pixels.count(input) != 0;
    (of_file ? file->second.at : given.at)
        .fail((of_file ? file->second.value + " " : "input ") + error.what());
    return false;
  }
  return true;
}

// The source with the files of options before its own.
ModelSource with_options(ModelSource source, const ReadOptions& options, Problems& problems) {
  for (const auto& [input, file] : options.inputs)
    source.files[input] = {file, YamlNode::of_text(file, "--input " + input + "=" + file, problems)};
  return source;
}

void say_unknown(const Problems& problems, const ReadOptions& options) {
  if (options.unknown_names == nullptr) return problems.raise();
  options.unknown_names->insert(options.unknown_names->end(), problems.lines().begin(),
                                problems.lines().end());
}

}  // namespace

ImportOptions import_options(const ReadOptions& options) {
  ImportOptions import;
  import.dims = options.dims;
  import.outside_data = options.outside_data;
  import.memory_limit = options.memory_limit;
  import.given.assumed = options.assume;
  import.given.unknown_names = options.unknown_names;
  return import;
}

void read_model(const ModelSource& given, const ReadOptions& options, RunSpec& run) {
  Problems of_options;
  const ModelSource source = with_options(given, options, of_options);
  ImportOptions import = import_options(options);
  import.dims.insert(source.dims.begin(), source.dims.end());
  import.given.assumed.insert(source.assume.begin(), source.assume.end());
  MemoryBudget budget(options.memory_limit);
  import.given.tensors = read_tensors(source, budget);
  if (!source.shapes.empty()) take_shapes(source, read_onnx(source.file.value, import), import.dims);
  run.from_model = true;
  run.network = read_onnx(source.file.value, import);
  run.drawn_inputs = source.files.empty();
  require_inputs(source.files, run.network);
  say_unknown(of_options, options);
  require_inputs(source.pixels, run.network);
  set_batch(source.batch, run.network);
  cut_edges(source, run);
  std::uint64_t seed = source.seed;
  bool all = true;
  for (const auto& [input, pixels] : source.pixels) {
    const auto& inputs = run.network.inputs;
    if (std::find(inputs.begin(), inputs.end(), input) != inputs.end())
      all = take_image(input, source, seed += kSeedStep, budget, run.network, import.given.tensors) && all;
  }
  if (!all) return;  // the rest would be said of the same inputs
  fill_inputs({std::move(import.given.tensors), source.seed,
               options.inputs_as_weights ? options.inputs_as_weights : source.inputs_as_weights,
               [&](const std::string& what) { source.file.at.fail(what); }},
              run.network);
}

}  // namespace bpusim
