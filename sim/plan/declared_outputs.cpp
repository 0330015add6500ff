#include "sim/plan/declared_outputs.h"

#include "sim/input_error.h"

namespace bpusim {

namespace {

std::string described(const Value& value) {
  return to_string(value.dtype) + " of shape " + to_string(value.shape);
}

// Whether the shape is one that the declared one allows: nothing is declared, or open dimensions.
bool allows(const Shape& declared, const Shape& shape) {
  if (declared.empty()) return true;
  if (declared.size() != shape.size()) return false;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (declared[d] != 0 && declared[d] != shape[d]) return false;
  return true;
}

}  // namespace

void note_declared_outputs(const Network& read, Network& made) {
  if (read.file.empty()) return;
  for (const std::string& name : read.outputs) {
    const auto found = made.values.find(name);
    if (found == made.values.end() || made.unknown.count(name) != 0) continue;
    const Value &declared = read.values.at(name), &value = found->second;
    if (declared.dtype == value.dtype && allows(declared.shape, value.shape)) continue;
    const std::string text = "output '" + name + "' is " + described(value) +
                             ", and the file does not declare it so (" + described(declared) + ")";
    if (declared.dtype != value.dtype && declared.dtype != DType::Float32)
      throw InputError(text + ": no valid ONNX");
    made.notes.push_back(text);
  }
}

}  // namespace bpusim
