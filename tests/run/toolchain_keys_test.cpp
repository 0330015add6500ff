// What is said of the vendor's keys: those that are wrong, and those that nothing here models.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/scenario/toolchain/keys.h"
#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

using testing::TemporaryFolder;

class Keys : public ::testing::Test {
 protected:
  Keys() { folder_.write("m.onnx", testing::image_model().bytes()); }

  // A whole file with `line` in the group.
  std::string with(const std::string& group, const std::string& line,
                   const std::string& march = "bayes-e") const {
    const auto of = [&](const char* name) { return group == name ? "  " + line + "\n" : std::string(); };
    const std::string nash = march.rfind("nash", 0) == 0 ? "" : "  norm_type: no_preprocess\n";
    return "model_parameters:\n  onnx_model: m.onnx\n  march: " + march + "\n" + of("model_parameters") +
           "input_parameters:\n  input_type_train: featuremap\n  input_type_rt: featuremap\n" + nash +
           of("input_parameters") + "calibration_parameters:\n" +
           (line.rfind("calibration_type", 0) == 0 ? "" : "  calibration_type: skip\n") +
           of("calibration_parameters") + "compiler_parameters:\n" +
           (line.rfind("optimize", 0) == 0
                ? ""
                : (march.rfind("nash", 0) == 0 ? "  optimize_level: O2\n" : "  optimize_level: O3\n")) +
           of("compiler_parameters") + (group == "custom_op" ? "custom_op:\n  " + line + "\n" : "");
  }
  std::string mistakes(const std::string& group, const std::string& line,
                       const std::string& march = "bayes-e") const {
    return testing::mistakes_of(with(group, line, march), folder_);
  }
  std::string notes(const std::string& group, const std::string& line,
                    const std::string& march = "bayes-e") const {
    std::string text;
    for (const std::string& note : parse_run(with(group, line, march), "run.yaml", folder_.path()).notes)
      text += note + "\n";
    return text;
  }

  TemporaryFolder folder_;
};

// A key with a letter too much is a mistake that names the right one, in every group and for either tool.
TEST_F(Keys, AreKnownEachByItsName) {
  std::set<std::string> seen;
  for (const toolchain::Key& key : toolchain::keys()) {
    EXPECT_TRUE(seen.insert(key.name).second) << key.name << " is there twice";
    const std::string line = std::string(key.name) + "z: 1", march = key.mapper ? "bayes-e" : "nash-e";
    const bool handed_on = march == "nash-e" && std::string(key.group) == "calibration_parameters";
    const std::string said = handed_on ? notes(key.group, line, march) : mistakes(key.group, line, march);
    EXPECT_NE(said.find(std::string(key.group) + "." + key.name + "z: unknown key, did you mean"),
              std::string::npos)
        << said;
  }
}

// A key of the other tool alone is one too.
TEST_F(Keys, OfTheOtherToolAreMistakes) {
  for (const toolchain::Key& key : toolchain::keys()) {
    if (key.mapper && key.compile) continue;
    const std::string said =
        mistakes(key.group, std::string(key.name) + ": 1", key.mapper ? "nash-e" : "bayes-e");
    EXPECT_NE(said.find(std::string(key.name) + ": is a key of"), std::string::npos)
        << key.name << ": " << said;
  }
}

TEST_F(Keys, ThatChangeNothingAreListed) {
  for (const auto& [group, line] : {std::pair("model_parameters", "working_dir: out"),
                                    {"model_parameters", "layer_out_dump: False"},
                                    {"model_parameters", "debug_mode: dump_calibration_data"},
                                    {"calibration_parameters", "per_channel: True"},
                                    {"compiler_parameters", "debug: True"},
                                    {"compiler_parameters", "jobs: '4'"},
                                    {"compiler_parameters", "max_time_per_fc: 1000"},
                                    {"custom_op", "custom_op_method: register"}}) {
    const std::string key = std::string(line).substr(0, std::string(line).find(':'));
    EXPECT_NE(notes(group, line).find("1 key is not modelled: " + key), std::string::npos)
        << notes(group, line);
  }
  EXPECT_EQ(notes("model_parameters", "debug_mode: None"), "");
}

TEST_F(Keys, WithOtherValuesAreSaid) {
  EXPECT_NE(notes("compiler_parameters", "compile_mode: bandwidth").find("bandwidth is not modelled"),
            std::string::npos);
  EXPECT_NE(notes("compiler_parameters", "optimize_level: O1").find("O1 is not modelled"), std::string::npos);
  EXPECT_NE(notes("calibration_parameters", "optimization: run_fast").find("run_fast is not modelled"),
            std::string::npos);
  EXPECT_NE(
      notes("calibration_parameters", "quant_config: {model_config: {all_node_type: float16}}", "nash-e")
          .find("float16 is not modelled"),
      std::string::npos);
  EXPECT_NE(
      notes("input_parameters", "norm_type: no_preprocess", "nash-e").find("changes nothing in hb_compile"),
      std::string::npos);
  EXPECT_NE(notes("calibration_parameters", "calibration_type: load").find("load: the model's own scales"),
            std::string::npos);
}

TEST_F(Keys, WithWrongValuesAreMistakes) {
  struct Wrong {
    const char *group, *line, *march, *said;
  };
  for (const Wrong& wrong : {
           Wrong{"model_parameters", "caffe_model: a.caffemodel", "bayes-e", "Caffe models are not read"},
           {"model_parameters", "remove_node_type: Transpos", "bayes-e", "did you mean 'Transpose'?"},
           {"model_parameters", "remove_node_type: DequantizeFilter", "nash-e", "is none of the types"},
           {"model_parameters", "output_nodes: hed", "bayes-e",
            "is no node of the model, did you mean 'head'?"},
           {"model_parameters", "node_info: conv", "bayes-e", "is no node with a type"},
           {"model_parameters", "node_info: {conv: {On: CPU}}", "bayes-e", "did you mean 'ON'?"},
           {"model_parameters", "output_nodes: {OP_name}", "bayes-e", "expected a word"},
           {"calibration_parameters", "optimization: set_model_output_int16", "bernoulli2",
            "int16 is not on bernoulli2"},
           {"calibration_parameters", "optimization: set_conv_int16", "bayes-e", "is no option"},
           {"calibration_parameters", "calibration_type: maximum", "bayes-e", "is none of the choices"},
           {"calibration_parameters", "calibration_type: max", "bayes-e", "needs a cal_data_dir"},
           {"calibration_parameters", "max_percentile: 1.5", "bayes-e", "expected a number between 0 and 1"},
           {"calibration_parameters", "cal_data_type: int4", "bayes-e", "there are: float32, uint8, int8"},
           {"compiler_parameters", "optimize_level: O3", "nash-e", "hb_compile has O0, O1 and O2"},
           {"compiler_parameters", "compile_mode: balance", "nash-e", "balance needs a balance_factor"},
           {"compiler_parameters", "compile_mode: balance", "bayes-e", "balance needs a balance_factor"},
           {"compiler_parameters", "max_time_per_fc: 10", "bayes-e", "at least 1000"},
           {"compiler_parameters", "input_source: {image: pyramid}", "bayes-e",
            "pyramid is for nv12 and gray"},
           {"compiler_parameters", "input_source: {imag: ddr}", "bayes-e", "did you mean 'image'?"},
           {"compiler_parameters", "core_num: 2", "bayes-e", "bayes-e has 1"},
           {"input_parameters", "input_name: imagee", "bayes-e", "did you mean 'image'?"},
           {"input_parameters", "input_shape: 1x3", "bayes-e", "is to have shape 1x3"},
           {"input_parameters", "scale_value: 1;2", "bayes-e", "has 2 values, and the model has 1 inputs"},
       }) {
    const std::string said = mistakes(wrong.group, wrong.line, wrong.march);
    EXPECT_NE(said.find(wrong.said), std::string::npos) << wrong.line << ": " << said;
    EXPECT_NE(said.find("run.yaml"), std::string::npos) << said;
  }
}

TEST_F(Keys, HaveAPage) {
  const std::string page = toolchain::reference();
  for (const toolchain::Key& key : toolchain::keys())
    EXPECT_NE(page.find("`" + std::string(key.name) + "`"), std::string::npos) << key.name;
}

}  // namespace
}  // namespace bpusim
