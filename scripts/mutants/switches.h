#pragma once
// What the changed sources of scripts/check-mutants call: each change is in the program beside what it
// changes, and a number in the environment (BPUSIM_MUTANT) says which one is made. Never part of a build but
// that one.
#pragma GCC system_header
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>

namespace mutants {

inline int number(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : 0;
}

/// The file that BPUSIM_MUTANTS_REACHED names, a byte a change. Mapped, so that it holds what a program
/// reached that crashed, and what all programs of a script did.
inline volatile unsigned char* map_reached() {
  const char* name = std::getenv("BPUSIM_MUTANTS_REACHED");
  const int file = name != nullptr ? open(name, O_RDWR) : -1;
  if (file < 0) return nullptr;
  void* bytes = mmap(nullptr, static_cast<unsigned long>(lseek(file, 0, SEEK_END)), PROT_READ | PROT_WRITE,
                     MAP_SHARED, file, 0);
  close(file);
  return bytes == MAP_FAILED ? nullptr : static_cast<volatile unsigned char*>(bytes);
}

inline const int active = number("BPUSIM_MUTANT");
inline volatile unsigned char* const reached = map_reached();

inline bool is_at_run_time(int n) {
  if (reached != nullptr) reached[n] = 1;
  return active == n;
}

/// Whether change n (from 1) is made. A constant that the compiler works out cannot ask: an error there, so
/// that no change counts as tried that is not in the program.
constexpr bool kNowhere[1] = {false};
constexpr bool is(int n) {
  return __builtin_is_constant_evaluated() ? kNowhere[n] : is_at_run_time(n);
}

// `a < b` becomes `a < Less<7>{} < b`: operators of one precedence, so that no operand has to be found in the
// text.
#define MUTANTS_BINARY(Name, op, changed)                                 \
  template <int n>                                                        \
  struct Name {};                                                         \
  template <int n, class A>                                               \
  struct Name##Left {                                                     \
    const A& a;                                                           \
  };                                                                      \
  template <int n, class A>                                               \
  constexpr Name##Left<n, A> operator op(const A& a, Name<n>) {           \
    return {a};                                                           \
  }                                                                       \
  template <int n, class A, class B>                                      \
  constexpr auto operator op(Name##Left<n, A> left, const B& b) {         \
    using Result = decltype(left.a op b);                                 \
    return is(n) ? static_cast<Result>(left.a changed b) : (left.a op b); \
  }
MUTANTS_BINARY(Less, <, <=)
MUTANTS_BINARY(LessOrEqual, <=, <)
MUTANTS_BINARY(More, >, >=)
MUTANTS_BINARY(MoreOrEqual, >=, >)
MUTANTS_BINARY(Equal, ==, !=)
MUTANTS_BINARY(Unequal, !=, ==)
MUTANTS_BINARY(Plus, +, -)
MUTANTS_BINARY(Minus, -, +)
MUTANTS_BINARY(Times, *, +)
MUTANTS_BINARY(Over, /, *)
#undef MUTANTS_BINARY

// `a += b` becomes `a += Add<7>{} += b`: assignments are read from the right.
template <int n>
struct Add {};
template <int n, class B>
struct AddRight {
  const B& b;
};
template <int n, class B>
constexpr AddRight<n, B> operator+=(Add<n>, const B& b) {
  return {b};
}
template <int n, class A, class B>
constexpr void operator+=(A&& a, AddRight<n, B> right) {
  if (is(n))
    a -= right.b;
  else
    a += right.b;
}

template <int n, bool smallest>
struct Extreme {
  template <class T>
  static constexpr const T& of(const T& a, const T& b) {
    return is(n) != smallest ? (b < a ? b : a) : (a < b ? b : a);
  }
  template <class T>
  static constexpr T of(std::initializer_list<T> values) {
    const T* best = values.begin();
    for (const T& value : values) best = &of(*best, value);
    return *best;
  }
};
template <int n>
using Min = Extreme<n, true>;
template <int n>
using Max = Extreme<n, false>;

}  // namespace mutants
