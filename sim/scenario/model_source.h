// A model with all that a file says of it, wherever it says it; and the run's network made of that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/yaml_reader.h"
#include "sim/network/onnx/import.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// What a file says, with its place for messages.
template <class T>
struct Placed {
  T value;
  YamlNode at;
};

/// Seed of the drawn inputs of a run that names none.
constexpr std::uint64_t kRunSeed = 1000;

struct ModelSource {
  Placed<std::string> file;                          ///< path of the model
  std::map<std::string, std::int64_t> dims;          ///< behind those of ReadOptions
  std::map<std::string, bool> assume;                ///< the same
  std::map<std::string, Placed<std::string>> files;  ///< by input: what it holds
  std::map<std::string, Placed<PixelInput>> pixels;  ///< by input: those that are images
  std::uint64_t seed = 0;                            ///< of inputs that are drawn
  std::optional<bool> inputs_as_weights;             ///< behind that of ReadOptions
  std::map<std::string, Placed<Shape>> shapes;       ///< by input: with extents for open dimensions
  Placed<std::int64_t> batch{0, {}};  ///< first extent of inputs that have 1 there; 0: as it is
  std::vector<Placed<std::string>> removed_ops, removed_nodes;  ///< where they touch an edge (cut.h)
  std::vector<Placed<std::string>>
      outputs;  ///< nodes that the network ends at; none: the model's own outputs
};

/// Reads the model into the run. What is wrong is said at its place; throws InputError for what is wrong with
/// the model, or with a file of inputs.
void read_model(const ModelSource& source, const ReadOptions& options, RunSpec& run);

/// How the run reads its model.
ImportOptions import_options(const ReadOptions& options);

/// Ends the network where the source says, and takes out what it removes at the edges; its names are nodes of
/// the network. Returns what of it touches no edge.
std::vector<Placed<std::string>> cut_away(const ModelSource& source, Network& network);

}  // namespace bpusim
