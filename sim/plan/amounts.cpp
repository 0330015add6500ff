#include "sim/plan/amounts.h"

#include <set>
#include <stdexcept>
#include <string>

#include "sim/operators/operator.h"

namespace bpusim {

namespace {

// Float32 operations of a multiply-accumulate as the operator's row counts them; 0 of operators that have
// none.
double operations_of_a_mac(const std::string& op) {
  static const std::set<std::string> with_sums = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                                  "PixelPreprocess"};
  return with_sums.count(op) != 0 ? 2 : op == "Einsum" ? 1 : 0;
}

}  // namespace

std::int64_t macs_of(const Step& step, const Network& network) {
  double macs = 0;
  for (const std::size_t n : step.nodes) {
    const Node& node = network.nodes[n];
    const OperatorDefinition* row = find_operator(node.op);
    const double each = operations_of_a_mac(node.op);
    if (row == nullptr || each == 0) continue;
    try {
      const Operation operation = operation_of(node, network);
      macs += row->host_ops(operation, row->shapes(operation), {}) / each;
    } catch (const std::exception&) {  // of values that nobody knows
      return 0;
    }
  }
  return static_cast<std::int64_t>(macs);
}

std::int64_t parameters_of(const Step& step, const Network& network) {
  std::set<std::string> read;
  std::int64_t elements = 0;
  for (const std::size_t n : step.nodes)
    for (const std::string& input : network.nodes[n].inputs) {
      const auto value = network.values.find(input);
      if (value == network.values.end() || !value->second.constant || !read.insert(input).second) continue;
      const bool numbers = value->second.dtype == DType::Float32 || value->second.codes;
      if (numbers && !value->second.text) elements += element_count(value->second.shape);
    }
  return elements;
}

}  // namespace bpusim
