// A function of one real number, applied to many at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>

namespace bpusim {

class RealFunction {
 public:
  /// Replaces each of `count` values.
  using Rows = std::function<void(double* values, std::int64_t count)>;

  /// Of anything that maps a double to a double; it is called without a detour for each value.
  template <class F, class = std::enable_if_t<std::is_invocable_r_v<double, F, double>>>
  RealFunction(F f)  // NOLINT(google-explicit-constructor): a function is what it is
      : rows_([f](double* values, std::int64_t count) {
          for (std::int64_t i = 0; i < count; ++i) values[i] = f(values[i]);
        }) {}

  /// Of what maps many at a time already; each result must depend on its own value alone.
  static RealFunction of_rows(Rows rows) {
    RealFunction function([](double x) { return x; });
    function.rows_ = std::move(rows);
    return function;
  }

  double operator()(double x) const {
    rows_(&x, 1);
    return x;
  }
  /// In place, on this thread.
  void rows(double* values, std::int64_t count) const { rows_(values, count); }
  /// In place, on several threads where there are many values.
  void apply(double* values, std::int64_t count) const;

 private:
  Rows rows_;
};

}  // namespace bpusim
