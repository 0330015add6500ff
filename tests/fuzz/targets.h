// What is fuzzed: each function takes a file's bytes, and either uses what they say or throws InputError.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bpusim::fuzz {

/// Called when a file has been read and its use begins: from here on a file may ask for more work than a test
/// does.
using Loaded = std::function<void()>;

/// An ONNX model. Where it is small it also runs, with function, on the preset `generic`.
void onnx_target(const std::string& bytes, const Loaded& loaded);
void pb_target(const std::string& bytes, const Loaded& loaded);
void npy_target(const std::string& bytes, const Loaded& loaded);
void npz_target(const std::string& bytes, const Loaded& loaded);
/// Run files, machine files and support policies.
void run_target(const std::string& bytes, const Loaded& loaded);
void machine_target(const std::string& bytes, const Loaded& loaded);
void policy_target(const std::string& bytes, const Loaded& loaded);
/// A result that `compare` reads.
void result_target(const std::string& bytes, const Loaded& loaded);

struct Target {
  const char* name;
  void (*run)(const std::string& bytes, const Loaded& loaded);
  std::vector<std::string> (
      *seeds)();  ///< valid files, in memory or those of the test data that is installed
};
const std::vector<Target>& targets();

}  // namespace bpusim::fuzz
