// Entry point for libFuzzer (README.md): one program for each row of targets().
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "sim/input_error.h"
#include "tests/fuzz/targets.h"

namespace {

const bpusim::fuzz::Target& chosen() {
  for (const auto& target : bpusim::fuzz::targets())
    if (std::strcmp(target.name, BPUSIM_FUZZ_TARGET) == 0) return target;
  std::fputs("there is no target " BPUSIM_FUZZ_TARGET "\n", stderr);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bpusim::fuzz::Target& target = chosen();
  try {
    target.run(std::string(reinterpret_cast<const char*>(data), size), [] {});
  } catch (const bpusim::ErrorLines&) {
  }
  return 0;
}
