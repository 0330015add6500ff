// Einsum: sums of products over the letters that the result does not have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/mac/product.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Letters with or without "->"; "..." stands for any dimensions, which broadcast. Of more than two operands
/// the first two are put together, then what is left of them and the third. Throws std::invalid_argument with
/// what does not fit.
Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands);
Shape einsum_shape(const std::string& equation, const std::vector<Shape>& operands);

/// Floating-point operations: a product and an addition for each tuple of letters of two operands.
double einsum_products(const std::string& equation, const std::vector<Shape>& operands);

/// The equation as products of matrices that lie in memory as they are: letters that all have in front, then
/// those of rows, columns and sums, each side by side. Empty where it is none.
std::optional<ProductProblem> einsum_product(const std::string& equation, const Shape& a, const Shape& b);

}  // namespace bpusim
