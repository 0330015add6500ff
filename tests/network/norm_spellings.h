// Norms in primitives, as exporters spell them.
#pragma once

#include <string>
#include <vector>

#include "tests/network/draft.h"

namespace bpusim {

/// (x - mean) / sqrt(mean((x - mean)^2) + epsilon), in the spelling asked for.
enum class Square { Pow, Mul, Moments };
enum class Quotient { Div, Reciprocal, DivOne, Pow };
struct Spelling {
  Square square = Square::Pow;
  Quotient quotient = Quotient::Div;
  bool twice = false;  // x - mean computed twice
};
inline std::string normalised(Draft& d, const std::string& x, const std::vector<std::int64_t>& axes,
                              const Spelling& s = {}, double epsilon = 1e-6) {
  const std::string m = d.mean(x, axes);
  const std::string centred = d.add("Sub", {x, m});
  const std::string squared_one = s.twice ? d.add("Sub", {x, m}) : centred;
  std::string variance;
  if (s.square == Square::Moments) {
    variance = d.add("Sub", {d.mean(d.add("Mul", {x, x}), axes), d.add("Mul", {m, m})});
  } else {
    const std::string squared = s.square == Square::Pow ? d.add("Pow", {squared_one, d.scalar(2)})
                                                        : d.add("Mul", {squared_one, squared_one});
    variance = d.mean(squared, axes);
  }
  const std::string sum = d.add("Add", {variance, d.scalar(epsilon)});
  if (s.quotient == Quotient::Pow) return d.add("Mul", {centred, d.add("Pow", {sum, d.scalar(-0.5)})});
  const std::string root = d.add("Sqrt", {sum});
  if (s.quotient == Quotient::Div) return d.add("Div", {centred, root});
  const std::string inverse =
      s.quotient == Quotient::DivOne ? d.add("Div", {d.scalar(1), root}) : d.add("Reciprocal", {root});
  return d.add("Mul", {inverse, centred});
}

inline std::string with_affine(Draft& d, const std::string& x, const Shape& shape) {
  return d.add("Add", {d.numbers(shape), d.add("Mul", {x, d.numbers(shape)})});
}

}  // namespace bpusim
