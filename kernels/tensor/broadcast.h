// Walking two tensors that broadcast to one shape, in runs as long as their strides allow.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// `count` outputs from `out` on. Output out + i takes elements a + i * step_a and b + i * step_b; the steps
/// are 0 or 1.
struct BroadcastRun {
  std::int64_t out, a, b, count, step_a, step_b;
};

/// Calls visit(run) for runs that cover `shape` in row-major order; `a` and `b` broadcast to it.
template <class Visit>
void for_each_run(const Shape& shape, const Shape& a, const Shape& b, Visit&& visit) {
  struct Dim {
    std::int64_t extent, a, b;
  };
  std::vector<Dim> dims;  // innermost first; neighbours that behave alike become one
  std::int64_t size_a = 1, size_b = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto extent_of = [&](const Shape& s) { return d < s.size() ? s[s.size() - 1 - d] : 1; };
    const std::int64_t extent = shape[shape.size() - 1 - d], ea = extent_of(a), eb = extent_of(b);
    const Dim dim = {extent, ea == 1 ? 0 : size_a, eb == 1 ? 0 : size_b};
    size_a *= ea;
    size_b *= eb;
    if (extent == 0) return;
    if (extent == 1) continue;
    if (!dims.empty() && dim.a == dims.back().a * dims.back().extent &&
        dim.b == dims.back().b * dims.back().extent) {
      dims.back().extent *= extent;
    } else {
      dims.push_back(dim);
    }
  }
  // Strides of the innermost dimension are 0 or 1: nothing of more than one element lies further in.
  if (dims.empty()) dims.push_back({1, 0, 0});
  std::vector<std::int64_t> index(dims.size(), 0);
  BroadcastRun run{0, 0, 0, dims[0].extent, dims[0].a, dims[0].b};
  while (true) {
    visit(std::as_const(run));
    run.out += run.count;
    std::size_t d = 1;
    for (; d < dims.size(); ++d) {
      run.a += dims[d].a;
      run.b += dims[d].b;
      if (++index[d] < dims[d].extent) break;
      run.a -= dims[d].a * dims[d].extent;
      run.b -= dims[d].b * dims[d].extent;
      index[d] = 0;
    }
    if (d == dims.size()) return;
  }
}

}  // namespace bpusim
