#include "models/commands/plans.h"

#include "kernels/mac/conv.h"
#include "kernels/mac/product.h"
#include "kernels/norms/datapath.h"
#include "kernels/norms/decomposed.h"
#include "kernels/vector/elementwise.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/reduction.h"
#include "kernels/vector/resample.h"
#include "kernels/vector/softmax.h"
#include "kernels/vector/unary.h"

namespace bpusim {

Plans::Plans() = default;
Plans::Plans(const Plans&) = default;
Plans::Plans(Plans&&) noexcept = default;
Plans& Plans::operator=(const Plans&) = default;
Plans& Plans::operator=(Plans&&) noexcept = default;
Plans::~Plans() = default;

void Plans::append(const Plans& more) {
  std::apply(
      [&](const auto&... theirs) {
        const auto add_all = [&](const auto& plans) {
          auto& ours = std::get<std::decay_t<decltype(plans)>>(plans_);
          ours.insert(ours.end(), plans.begin(), plans.end());
        };
        (add_all(theirs), ...);
      },
      more.plans_);
}

}  // namespace bpusim
