#include "sim/plan/names_given.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/plan/element_types.h"
#include "sim/plan/placement.h"

namespace bpusim {

namespace {

void add_no_tensors(const char* key, const std::vector<std::string>& names, const PlacedNetwork& placed,
                    std::vector<std::string>& lines) {
  for (const std::string& name : names) {
    if (name == kEverything) continue;
    const std::string why = no_tensor_named(name, placed);
    if (!why.empty()) lines.push_back(std::string(key) + ": " + why);
  }
}

void add_no_outputs(const char* key, const std::vector<std::string>& names,
                    const std::vector<std::string>& outputs, std::vector<std::string>& lines) {
  for (const std::string& name : names)
    if (name != kEverything && std::find(outputs.begin(), outputs.end(), name) == outputs.end())
      lines.push_back(std::string(key) + ": '" + name + "' is no output of the network" +
                      did_you_mean(name, outputs));
}

}  // namespace

void refuse_unknown_names(const RunSpec& run, const PlacedNetwork& placed) {
  std::vector<std::string> lines = run.unknown_names;
  for (std::string& line : unknown_places(run)) lines.push_back(std::move(line));
  add_no_tensors("int16", run.int16, placed, lines);
  add_no_tensors("int8", run.int8, placed, lines);
  add_no_outputs("int32", run.int32, placed.network.outputs, lines);
  add_no_outputs("float32", run.float32, placed.network.outputs, lines);
  if (!lines.empty()) throw InputError(lines);
}

}  // namespace bpusim
