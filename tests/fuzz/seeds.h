// Valid files that mutations start from.
#pragma once

#include <string>
#include <vector>

namespace bpusim::fuzz {

/// Models built here, of every kind of operator that bpusim evaluates, then those of the installed operator
/// cases.
std::vector<std::string> onnx_seeds();
std::vector<std::string> pb_seeds();
std::vector<std::string> npy_seeds();
std::vector<std::string> npz_seeds();
std::vector<std::string> run_seeds();
std::vector<std::string> machine_seeds();
std::vector<std::string> policy_seeds();
std::vector<std::string> result_seeds();

}  // namespace bpusim::fuzz
