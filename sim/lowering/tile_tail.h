// What runs on the vector unit behind the sums of a tile of a convolution or a matrix product, in SRAM: a
// function by table, a residual that is added, and a function behind that.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/vector/elementwise.h"
#include "kernels/vector/unary.h"
#include "models/commands/command.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

struct TailJob {
  std::optional<LookupPlan> activation;  ///< of the sums' own result
  struct Residual {
    ElementwisePlan plan;      ///< Add; the result of the sums is its first operand
    std::int64_t address = 0;  ///< of a tensor with the output's shape
  };
  std::optional<Residual> residual;
  std::optional<LookupPlan> last;  ///< behind the residual
};

class TileTail {
 public:
  TileTail(ProgramBuilder& builder, const TailJob& job)
      : job_(job),
        activation_(job.activation ? builder.add_plan(*job.activation) : 0),
        residual_(job.residual ? builder.add_plan(job.residual->plan) : 0),
        last_(job.last ? builder.add_plan(*job.last) : 0) {}

  /// SRAM that a tile of `bytes` of output needs beside it.
  std::int64_t room(std::int64_t bytes) const { return job_.residual ? bytes : 0; }

  /// The residual's tile, which may be loaded while the sums are made. `output` is where the tile goes.
  template <class Add>
  void load(Add&& add, const DramBox& output, std::int64_t output_base, std::int64_t at) const {
    if (!job_.residual) return;
    DramBox box = output;
    box.base += job_.residual->address - output_base;
    add(Unit::Load, Transfer{box, at});
  }

  /// What follows the sums: codes at `out`, the residual's at `residual`.
  template <class Add>
  void apply(Add&& add, std::int64_t elements, std::int64_t out, std::int64_t residual) const {
    if (job_.activation) add(Unit::Vector, Lookup{activation_, elements, out, out});
    if (job_.residual) add(Unit::Vector, Elementwise{residual_, elements, out, residual, out, {}});
    if (job_.last) add(Unit::Vector, Lookup{last_, elements, out, out});
  }

 private:
  const TailJob& job_;
  const int activation_, residual_, last_;
};

}  // namespace bpusim
