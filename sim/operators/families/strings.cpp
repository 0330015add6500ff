// StringNormalizer, on the CPU: text never enters the machine.
#include "kernels/tensor/text.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

std::vector<Shape> shapes(const Operation&) {
  return {Shape{}};  // known once the words are
}

}  // namespace

std::vector<OperatorDefinition> operators::strings() {
  OperatorDefinition row;
  row.op = "StringNormalizer";
  row.text = [](const Node& node, const StringTensor& words) {
    return normalise_strings(words, node.attributes);
  };
  row.shapes = shapes;
  return {row};
}

}  // namespace bpusim
