// Functions of one element: activations and the like. On the machine they are tables of 256 entries, exact by
// construction.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/quantise/quantise.h"
#include "kernels/tensor/attributes.h"
#include "kernels/vector/real_function.h"

namespace bpusim {

/// A row of the table of functions. `constants` are the operator's constant inputs after the first.
struct UnaryDefinition {
  const char* op;
  /// The function with both looked up already. Throws std::invalid_argument where they do not fit.
  std::function<RealFunction(const Attributes& attributes, const std::vector<Tensor>& constants)> bind;
  /// The nearest number that has a finite value, for those that have none; null where all have.
  double (*inside)(double x) = nullptr;
};
const std::vector<UnaryDefinition>& unary_registry();
const UnaryDefinition* find_unary(const std::string& op);

/// The function with its attributes bound, as IEEE 754 has it: NaN and infinity outside of its domain. Throws
/// std::invalid_argument for operators that are none.
RealFunction unary_function(const std::string& op, const Attributes& attributes,
                            const std::vector<Tensor>& constants);

/// The same as tables hold it: outside of the domain the value at its edge.
RealFunction table_function(const std::string& op, const Attributes& attributes,
                            const std::vector<Tensor>& constants);

/// A function as a table: each entry the exact result, rounded once, ties to even. That of an int16 input
/// does not fit the unit: it lies in memory (kernels/vector/vector_int16.h).
struct LookupPlan {
  Quantisation in, out;
  std::array<std::int16_t, 256> table{};  ///< of int8 inputs, by code + 128
  int segment_bits = 0;                   ///< of int16 inputs: the table holds one code of 2^segment_bits
  std::int64_t address = 0;               ///< of int16 inputs: of the table in memory
};
inline bool takes_int16(const LookupPlan& plan) {
  return plan.in.dtype == DType::Int16 || plan.out.dtype == DType::Int16;
}
/// Of an int8 input.
LookupPlan plan_lookup(const RealFunction& function, const Quantisation& in, const Quantisation& out);

/// `y` may be `x`.
void lookup_int8(const LookupPlan& plan, const std::int8_t* x, std::int64_t count, std::int8_t* y);

}  // namespace bpusim
