// Paths that the file system will not look at, wherever a file or the command line may name one.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/config/paths.h"
#include "sim/config/policy.h"
#include "sim/input_error.h"
#include "sim/run/simulate.h"
#include "sim/scenario/run_file.h"
#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

// A name that is too long, and a path that is.
const std::vector<std::string>& paths() {
  static const std::vector<std::string> all = [] {
    std::string deep;
    for (int i = 0; i < 3000; ++i) deep += "a/";
    return std::vector<std::string>{std::string(5000, 'x'), deep + "m"};
  }();
  return all;
}

void expect_refused(const std::string& yaml, const std::string& folder) {
  try {
    simulate(resolve(parse_run(yaml, "run.yaml", folder)));
    ADD_FAILURE() << yaml.substr(0, 80) << " runs";
  } catch (const ErrorLines&) {  // InputError among them: its message names the path
  }
}

TEST(UnreadablePaths, AreNotThere) {
  for (const std::string& path : paths()) {
    EXPECT_FALSE(is_file(path));
    EXPECT_FALSE(is_folder(path));
    EXPECT_FALSE(is_there(path));
    EXPECT_THROW(entries_of(path), InputError);
  }
}

TEST(UnreadablePaths, AreRefusedWhereverTheyStand) {
  testing::TemporaryFolder folder;
  folder.write("m.onnx", testing::image_model().bytes());
  for (const std::string& path : paths()) {
    for (const std::string& name : {path, path + ".yaml", "/" + path}) {
      EXPECT_THROW(read_machine(name), ErrorLines);
      EXPECT_THROW(Policy::read(name), ErrorLines);
    }
    for (const std::string& key :
         {"model: " + path + ".onnx\n", "model: m.onnx\nmachine: " + path + "\n",
          "model: m.onnx\npolicy: " + path + ".yaml\n", "model: m.onnx\ninputs: {image: " + path + ".npy}\n",
          "model: m.onnx\ncalibration_samples: [" + path + "]\n",
          "model: m.onnx\ncalibration_samples: {image: " + path + "}\n",
          "operators: [{op: Relu, data: " + path + ".npy}]\n"})
      expect_refused(key, folder.path());
    const std::string input = "input_parameters:\n  input_type_train: rgb\n  input_type_rt: nv12\n";
    const auto vendor = [&](const std::string& model, const std::string& calibration) {
      return "model_parameters:\n  march: bayes-e\n  onnx_model: " + model + "\n" + input +
             "calibration_parameters:\n" + calibration;
    };
    expect_refused(vendor(path, "  calibration_type: skip\n"), folder.path());
    expect_refused(vendor("m.onnx", "  cal_data_dir: " + path + "\n"), folder.path());
  }
}

}  // namespace
}  // namespace bpusim
