// The constants of a program's commands, by type: a command has the index of its plan.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

namespace bpusim {

struct NormPlan;
struct DecomposedPlan;
struct ConvPlan;
struct ProductPlan;
struct ElementwisePlan;
struct LookupPlan;
struct SoftmaxPlan;
struct PoolPlan;
struct ResamplePlan;
struct ReductionPlan;

/// Whoever adds or reads a plan includes its kernel's header.
class Plans {
 public:
  Plans();
  Plans(const Plans&);
  Plans(Plans&&) noexcept;
  Plans& operator=(const Plans&);
  Plans& operator=(Plans&&) noexcept;
  ~Plans();

  /// Returns its index among the plans of its type.
  template <class Plan>
  int add(Plan plan) {
    all<Plan>().push_back(std::move(plan));
    return count<Plan>() - 1;
  }

  /// The plan of a command.
  template <class Command>
  const typename Command::Plan& of(const Command& command) const {
    return all<typename Command::Plan>()[static_cast<std::size_t>(command.plan)];
  }

  template <class Plan>
  int count() const {
    return static_cast<int>(all<Plan>().size());
  }

  /// Adds those of another program behind those that are there.
  void append(const Plans& more);

 private:
  template <class Plan>
  std::vector<Plan>& all() {
    return std::get<std::vector<Plan>>(plans_);
  }
  template <class Plan>
  const std::vector<Plan>& all() const {
    return std::get<std::vector<Plan>>(plans_);
  }

  std::tuple<std::vector<NormPlan>, std::vector<DecomposedPlan>, std::vector<ConvPlan>,
             std::vector<ProductPlan>, std::vector<ElementwisePlan>, std::vector<LookupPlan>,
             std::vector<SoftmaxPlan>, std::vector<PoolPlan>, std::vector<ResamplePlan>,
             std::vector<ReductionPlan>>
      plans_;
};

}  // namespace bpusim
