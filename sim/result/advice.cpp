#include "sim/result/advice.h"

namespace bpusim {

namespace {

template <class... Facts>
std::vector<AdviceKind> kinds_of(const std::variant<Facts...>&) {
  return {{Facts::kId, Facts::kLooksFor}...};
}

}  // namespace

const char* Advice::id() const {
  return std::visit([](const auto& of) { return of.kId; }, facts);
}

std::vector<AdviceKind> advice_kinds() {
  return kinds_of(AdviceFacts{});
}

}  // namespace bpusim
