// Small models, what importing them gives or says, and files of them.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/network/onnx/import.h"
#include "tests/network/error_of.h"
#include "tests/network/onnx_models.h"

namespace bpusim::testing {

inline std::string error_of(const Model& model, const Dimensions& dims = {}) {
  return error_of([&] { parse_onnx(model.bytes(), "m.onnx", "", dims); });
}

inline Network network_of(const Model& model, const Dimensions& dims = {}) {
  return parse_onnx(model.bytes(), "m.onnx", "", dims);
}

inline Tensor data_of(const Network& network, const std::string& name) {
  return *network.values.at(name).numbers();
}

/// x -> Relu -> y
inline Model relu(int opset = 13, int ir = 8) {
  Model model(opset, ir);
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"y"}, "relu");
  return model;
}

/// x + w, whose tensor the caller fills.
inline onnx::TensorProto& sum_with(Model& model) {
  model.input("x", {2, 3});
  model.output("y", {2, 3});
  model.node("Add", {"x", "w"}, {"y"}, "sum");
  return *model.graph().add_initializer();
}

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() / ("bpusim_onnx_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace bpusim::testing
