// A small model with its samples and files in a folder, for runs of files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/run/simulate.h"
#include "sim/scenario/scenario.h"
#include "tests/network/onnx_files.h"

namespace bpusim::testing {

constexpr std::int64_t kSide = 8;  // of the model's images

/// image -> Conv "conv" -> Relu "act" -> Conv "head" -> Transpose "last" -> y, opset 11.
inline Model image_model(bool channels_last = false) {
  Model model(11, 6);
  const Dims image = channels_last ? Dims{1, kSide, kSide, 3} : Dims{1, 3, kSide, kSide};
  model.input("image", image);
  model.output("y", {1, kSide, kSide, 4});
  std::vector<float> first, second;
  for (int i = 0; i < 4 * 3 * 9; ++i) first.push_back(static_cast<float>(i * 7 % 23 - 11) / 40);
  for (int i = 0; i < 4 * 4; ++i) second.push_back(static_cast<float>(i * 5 % 13 - 6) / 10);
  model.weights("w1", {4, 3, 3, 3}, first);
  model.weights("w2", {4, 4, 1, 1}, second);
  if (channels_last)
    set_ints(model.node("Transpose", {"image"}, {"planes"}, "to_planes"), "perm", {0, 3, 1, 2});
  set_ints(model.node("Conv", {channels_last ? "planes" : "image", "w1"}, {"c1"}, "conv"), "pads",
           {1, 1, 1, 1});
  model.node("Relu", {"c1"}, {"r"}, "act");
  model.node("Conv", {"r", "w2"}, {"c2"}, "head");
  set_ints(model.node("Transpose", {"c2"}, {"y"}, "last"), "perm", {0, 2, 3, 1});
  return model;
}

inline RunResult run_of(const std::string& yaml, const TemporaryFolder& folder, bool function = true) {
  return simulate(resolve(parse_run(yaml, "run.yaml", folder.path())),
                  function ? RunOptions() : RunOptions::timing());
}

inline std::string mistakes_of(const std::string& yaml, const TemporaryFolder& folder) {
  return error_of([&] { parse_run(yaml, "run.yaml", folder.path()); });
}

/// A YAML of the vendor's, group by group.
struct Vendor {
  std::string march = "bayes-e", model = "", input = "  input_type_rt: nv12\n", norm = "", calibration = "",
              compiler = "";

  std::string text() const {
    return "model_parameters:\n  onnx_model: m.onnx\n  march: " + march + "\n" + model +
           "input_parameters:\n  input_type_train: rgb\n  input_layout_train: NCHW\n" + input +
           (norm.empty() ? "  norm_type: data_scale\n  scale_value: 0.0039\n" : norm) +
           "calibration_parameters:\n" + (calibration.empty() ? "  calibration_type: skip\n" : calibration) +
           "compiler_parameters:\n  optimize_level: " + (march.rfind("nash", 0) == 0 ? "O2" : "O3") + "\n" +
           compiler;
  }
};

inline std::string notes_of(const std::string& yaml, const TemporaryFolder& folder) {
  std::string text;
  for (const std::string& note : parse_run(yaml, "run.yaml", folder.path()).notes) text += note + "\n";
  return text;
}

/// Bytes that differ from place to place and stay within 16 to 235.
inline std::string bytes_of(std::size_t count, int seed = 0) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += static_cast<char>(16 + (i * 37 + static_cast<std::size_t>(seed) * 11) % 220);
  return bytes;
}

}  // namespace bpusim::testing
