// Convolutions and products as their formulas read, one loop an index: what the fast kernels are held
// against.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/mac/conv.h"

namespace bpusim {

/// Calls visit(output element, weight element, input element) for each product of a convolution, taps of an
/// output in the order of the weights.
void for_each_product(const ConvProblem& problem,
                      const std::function<void(std::size_t y, std::size_t w, std::size_t x)>& visit);

Tensor naive_conv(const ConvProblem& problem, const Tensor& x, const Tensor& weights,
                  const std::vector<double>& bias, std::size_t rank);

/// Sums of centred codes, one an output.
std::vector<std::int64_t> naive_sums(const ConvPlan& plan, const std::vector<std::int8_t>& codes);

/// [m, k] by [k, n], row-major.
std::vector<double> naive_product(std::int64_t m, std::int64_t n, std::int64_t k,
                                  const std::vector<double>& a, const std::vector<double>& b);

/// y of [n, oc, oh, ow], one output at a time: which inputs reach it?
Tensor naive_conv_transpose(const Tensor& x, const Tensor& weights, const std::vector<double>& bias,
                            std::int64_t groups, const std::vector<std::int64_t>& strides,
                            const std::vector<std::int64_t>& pads, const std::vector<std::int64_t>& dilations,
                            std::int64_t oh, std::int64_t ow);

}  // namespace bpusim
