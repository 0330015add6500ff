// What a loader says of bad input.
#pragma once

#include <functional>
#include <string>

#include "sim/input_error.h"

namespace bpusim::testing {

/// The InputError's text; "no error" where none is thrown.
inline std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace bpusim::testing
