// Run files: which machine, which policy, which work.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/network/network.h"
#include "sim/scenario/mapping.h"
#include "sim/scenario/samples.h"

namespace bpusim {

/// Which grids a node's output takes.
enum class GridKind {
  Symmetric,  ///< its zero is the code 0
  Affine,     ///< it is any code
};

/// The name that stands for all that can be int16 in RunSpec::int16, where no node and no input has it.
constexpr const char* kEverything = "all";

/// Choices for a node; empty fields leave them to the run or to the compiler.
struct NodeOptions {
  std::optional<Mapping> mapping;  ///< nothing: the fastest by estimate
  GridKind quantisation = GridKind::Symmetric;
  std::string calibration;     ///< a method of kernels/quantise/calibration.h, or "auto"
  double percentile = 0.9999;  ///< fraction of magnitudes that "percentile" keeps whole
  bool fuse = true;            ///< a BatchNormalization into the convolution before it
};

/// Whether a word names a calibration: a method of kernels/quantise/calibration.h, or "auto".
bool is_calibration(const std::string& word);

/// "bpu" or "cpu". Unset for other words.
std::optional<Request> parse_request(const std::string& word);

/// How a run is read.
struct ReadOptions {
  std::map<std::string, std::int64_t> dims;  ///< of a model's dynamic dimensions, before those of the file
  std::int64_t memory_limit = 0;             ///< bytes (MemoryBudget); 0 for its default
  bool outside_data = false;                 ///< external data may lie outside of the model's folder
  std::map<std::string, bool> assume;        ///< branches of Ifs (GivenInputs of sim/network/onnx/import.h)
  /// Whether inputs that operators read as weights are weights without data. Unset: in a model that has no
  /// initializers at all.
  std::optional<bool> inputs_as_weights;
  std::map<std::string, std::string> inputs;  ///< files by input of the model, before those of the file
  /// Gets a line for each of these that names nothing of the model; null: those are an InputError.
  std::vector<std::string>* unknown_names = nullptr;
};

struct RunSpec {
  std::string name;
  std::string machine;                      ///< empty: none is named
  std::string policy;                       ///< empty: the machine's own
  std::vector<std::string> settings;        ///< "section.key=value"
  SettingPlaces setting_places;             ///< of those that a file sets
  std::int64_t seed = 1;                    ///< of all drawn numbers
  bool overlap = false;                     ///< neighbours on the BPU load while the one before them computes
  std::vector<std::string> samples;         ///< files and folders to calibrate on; none: the run's own input
  std::vector<InputSamples> input_samples;  ///< the same of single inputs
  bool drawn_inputs = false;                ///< no input of the network comes from a file
  std::vector<std::string> int16;    ///< nodes whose outputs, and inputs of the network that, are int16
  std::vector<std::string> int32;    ///< outputs of the network that leave as sums, or kEverything
  std::vector<std::string> float32;  ///< outputs of the network that leave as numbers, or kEverything
  std::vector<std::string> int8;     ///< nodes, and inputs, that kEverything leaves in int8
  double int16_below = -1;           ///< nodes whose int8 output has a lower cosine become int16
  double int16_until = -1;           ///< output cosine for which few nodes are looked for that become int16
  bool sensitivity = false;          ///< measures also what each node loses alone
  NodeOptions defaults;
  std::map<std::string, NodeOptions> options;  ///< by node name; others take the defaults
  std::map<std::string, Request> on;  ///< where nodes are to run: by node name, or by operator for all of its
  std::vector<std::string>
      taken;  ///< what was taken where a word is spelled in another way, or there is none
  std::vector<std::string> unknown_names;  ///< lines on names that nothing of its model has
  std::vector<std::string> notes;  ///< what its file asks for that nothing here models, or in other words
  bool of_toolchain = false;       ///< its file is a toolchain's: the report has that tool's table
  bool from_model = false;         ///< the network is a model's, not a list of operators
  Network network;

  const NodeOptions& options_of(const std::string& node) const;
};

/// Reads a run file (.yaml, or a shipped one by its name), or an ONNX model (.onnx) as a run with everything
/// else at its default and seeded inputs. Throws InputError with everything that is wrong.
RunSpec read_run(const std::string& path, const ReadOptions& options = {});

/// The same from YAML text; relative paths within it start at `folder`.
RunSpec parse_run(const std::string& text, const std::string& name, const std::string& folder,
                  const ReadOptions& options = {});

}  // namespace bpusim
