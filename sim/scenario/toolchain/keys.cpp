#include "sim/scenario/toolchain/keys.h"

namespace bpusim::toolchain {

namespace {

constexpr auto kYes = Treatment::Honoured;
constexpr auto kPartly = Treatment::Partly;
constexpr auto kNo = Treatment::NotModelled;

constexpr const char* kModel = "model_parameters";
constexpr const char* kInput = "input_parameters";
constexpr const char* kCalibration = "calibration_parameters";
constexpr const char* kCompiler = "compiler_parameters";
constexpr const char* kCustom = "custom_op";

std::vector<Key> model_keys() {
  return {
      {kModel, "onnx_model", true, true, "path", kYes, "`model`"},
      {kModel, "caffe_model", true, true, "path", kNo, "an error: Caffe is not read, an ONNX model is"},
      {kModel, "prototxt", true, true, "path", kNo, "an error, as caffe_model"},
      {kModel, "march", true, true, "see below", kYes, "`machine`, with its policy"},
      {kModel, "output_model_file_prefix", true, true, "name", kYes, "`name` of the run"},
      {kModel, "working_dir", true, true, "folder", kNo, "nothing is written there; `--out` names a folder"},
      {kModel, "layer_out_dump", true, true, "bool", kNo, "`--dump-golden` writes values"},
      {kModel, "output_nodes", true, true, "nodes", kYes, "`outputs`"},
      {kModel, "remove_node_type", true, true,
       "Quantize, Transpose, Dequantize, Cast, Reshape, Softmax; hb_mapper: DequantizeFilter", kYes,
       "`remove_at_edges: {operators: […]}`; the tool's own Dequantize: outputs leave as codes"},
      {kModel, "remove_node_name", true, true, "nodes", kYes,
       "`remove_at_edges: {nodes: […]}`, of the same types; another node's name, X_HzCalibration or "
       "X_quantize: "
       "the dequantisation behind it"},
      {kModel, "set_node_data_type", true, true, "node:int16", kYes, "`int16`; deprecated for node_info"},
      {kModel, "node_info", true, true, "string, or map of ON, InputType, InputTypeN, OutputType", kPartly,
       "`on`, `int16`; types other than int8 and int16 are said"},
      {kModel, "debug_mode", true, true, "dump_calibration_data", kNo, "nothing is dumped"},
      {kModel, "enable_vpu", false, true, "bool", kNo, "the policy says what runs where"},
      {kModel, "enable_spu", false, true, "bool", kNo, "the policy says what runs where"},
      {kModel, "log_level", true, true, "word", kNo, "`--log-level` of the command line; deprecated"},
  };
}

std::vector<Key> input_keys() {
  return {
      {kInput, "input_name", true, true, "names", kYes, "which input the other keys are about"},
      {kInput, "input_type_train", true, true, "rgb, bgr, yuv444, gray, featuremap", kYes,
       "`pixels: {NAME: {train: …}}`"},
      {kInput, "input_layout_train", true, true, "NCHW, NHWC", kYes, "`train_layout`"},
      {kInput, "input_type_rt", true, true, "rgb, bgr, yuv444, nv12, gray, featuremap", kYes, "`type`"},
      {kInput, "input_layout_rt", true, true, "NCHW, NHWC", kYes,
       "`layout`; unused for nv12 and in hb_compile, which has rgb, bgr and yuv444 as NHWC, gray as NCHW"},
      {kInput, "input_space_and_range", true, true, "regular, bt601_video", kYes, "`range`, of nv12"},
      {kInput, "input_shape", true, true, "1x3x224x224", kYes, "`input_shapes`"},
      {kInput, "input_batch", true, true, "1 to 4096; X3: to 128", kYes, "`batch`; samples have one image"},
      {kInput, "separate_batch", false, true, "bool", kPartly,
       "with input_batch: one tensor of all images here, of the same bytes"},
      {kInput, "separate_name", false, true, "names", kPartly, "as separate_batch"},
      {kInput, "norm_type", true, true, "no_preprocess, data_mean, data_scale, data_mean_and_scale", kYes,
       "which of mean_value and scale_value count; hb_compile takes those that are there, whatever it says"},
      {kInput, "mean_value", true, true, "numbers", kYes, "`mean`"},
      {kInput, "scale_value", true, true, "numbers", kYes, "`scale`"},
      {kInput, "std_value", false, true, "numbers", kYes, "`scale`: one by it"},
  };
}

std::vector<Key> calibration_keys() {
  return {
      {kCalibration, "cal_data_dir", true, true, "folders", kYes,
       "`calibration_samples: {NAME: folder}`, `samples: train`; hb_compile: `samples: model`"},
      {kCalibration, "cal_data_type", true, true, "float32, uint8, int8, int16, int32", kYes,
       "`raw`; without it float32 where the folder's name ends in _f32 and with hb_compile, else uint8; .npy "
       "say "
       "it themselves"},
      {kCalibration, "preprocess_on", true, true, "bool", kNo, "JPEG and PNG are not read, raw files are"},
      {kCalibration, "calibration_type", true, true, "default, mix, kl, max, load, skip", kYes,
       "`calibration`: default and mix are auto, load and skip max; skip on drawn numbers"},
      {kCalibration, "max_percentile", true, true, "0 to 1", kYes, "`calibration: percentile` with max"},
      {kCalibration, "enable_int16", true, false, "bool", kNo, "node_info says which nodes are int16"},
      {kCalibration, "per_channel", true, true, "bool", kNo,
       "tensors have one scale; weights have one a channel anyway"},
      {kCalibration, "run_on_cpu", true, true, "nodes", kYes, "`on: {NODE: cpu}`"},
      {kCalibration, "run_on_bpu", true, true, "nodes", kYes, "`on: {NODE: bpu}`"},
      {kCalibration, "optimization", true, true,
       "set_model_output_int8, set_model_output_int16, set_all_nodes_int16, set_OP_input_TYPE, "
       "set_OP_output_TYPE, "
       "run_fast, asymmetric, bias_correction, lstm_batch_last",
       kPartly,
       "`int16` and `int8`, `int16: all` for all nodes; without set_model_output_ `int32: all` on X3, J5 and "
       "X5; on Nash `float32: all` unless remove_node_type names Dequantize; of an OP also `on: {NODE: "
       "bpu}`; the others are said"},
      {kCalibration, "quant_config", false, true, "JSON file or map", kPartly,
       "`int16`, `on`, `calibration`, `quantisation: affine`; float16, dual-int16 and bias correction are "
       "said"},
  };
}

std::vector<Key> compiler_keys() {
  return {
      {kCompiler, "compile_mode", true, true, "latency, bandwidth, balance", kPartly,
       "latency is what is done: the fastest of the ways that are tried; the others are said"},
      {kCompiler, "balance_factor", true, true, "0 to 100", kNo, "of compile_mode balance"},
      {kCompiler, "debug", true, true, "bool", kNo, "reports have all nodes anyway"},
      {kCompiler, "core_num", true, true, "1 to the cores of the machine", kYes, "`set: {bpu.cores: …}`"},
      {kCompiler, "optimize_level", true, true, "O0 to O3; hb_compile: to O2", kPartly,
       "the highest is what is done; lower ones are said, and that hb_mapper takes O0 without it"},
      {kCompiler, "input_source", true, true, "map of ddr, pyramid, resizer", kNo,
       "checked; an image takes the same way in from each"},
      {kCompiler, "max_time_per_fc", true, true, "0, or 1000 on (us)", kNo, "no run is interrupted"},
      {kCompiler, "jobs", true, true, "number", kNo, "of the tool's own host"},
      {kCompiler, "cache_mode", false, true, "disable, enable, force_overwrite", kNo,
       "of the tool's own host"},
      {kCompiler, "cache_path", false, true, "folder", kNo, "of the tool's own host"},
      {kCompiler, "max_l2m_size", false, true, "0 to 25165824", kNo,
       "`--set sram.tensor_bytes=…` sets what tensors may take"},
      {kCompiler, "advice", true, true, "number", kNo, "reports have advice of their own"},
      {kCompiler, "ability_entry", true, true, "word", kNo, "of the tool's own compiler"},
      {kCompiler, "extra_params", false, true, "map", kNo, "of the tool's own compiler"},
      {kCompiler, "hbdk3_compatible_mode", false, true, "bool", kNo,
       "of the tool's own compiler; deprecated"},
      {kCustom, "custom_op_method", true, true, "register", kNo,
       "operators are added from programs: register_operator"},
      {kCustom, "op_register_files", true, true, "files", kNo, "as custom_op_method"},
      {kCustom, "custom_op_dir", true, true, "folder", kNo, "as custom_op_method"},
  };
}

const char* text_of(Treatment treatment) {
  return treatment == kYes ? "honoured" : treatment == kPartly ? "in part" : "not modelled";
}

// A cell of a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return " " + text + " |";
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = [] {
    std::vector<Key> rows;
    for (const auto& group : {model_keys(), input_keys(), calibration_keys(), compiler_keys()})
      rows.insert(rows.end(), group.begin(), group.end());
    return rows;
  }();
  return all;
}

std::vector<std::string> groups() {
  return {kModel, kInput, kCalibration, kCompiler, kCustom};
}

const std::vector<March>& marches() {
  static const std::vector<March> all = {
      {"bernoulli2", Tool::Mapper, "rdk-x3", 2}, {"bayes", Tool::Mapper, "j5", 2},
      {"bayes-e", Tool::Mapper, "rdk-x5", 1},    {"nash-e", Tool::Compile, "s100", 1},
      {"nash-m", Tool::Compile, "s100p", 1},     {"nash-p", Tool::Compile, "s600", 4},
      {"nash-b", Tool::Compile, "", 0},          {"nash-b-lite", Tool::Compile, "", 0},
      {"nash-b-plus", Tool::Compile, "", 0},     {"nash-h", Tool::Compile, "", 0},
      {"nash-starry-p", Tool::Compile, "", 0},
  };
  return all;
}

std::string reference() {
  std::string text =
      "# The vendor's YAML\n\n"
      "`bpusim run config.yaml` and `bpusim check config.yaml` take the files of Horizon's own tools: those "
      "of "
      "`hb_mapper makertbin` (X3, J5,\nX5) and of `hb_compile` (Nash). A file that has `model_parameters` is "
      "one. "
      "It becomes the run that a [run file](runs.md) would be\nwritten for, whose key stands behind each "
      "below. "
      "What is not modelled is read, checked and listed in the report.\n\n"
      "Values may be strings, as those tools have them: several with `;` between, one for each input in the "
      "order "
      "of `input_name`; `None`\nfor nothing. Paths start at the YAML's folder, or else where the program was "
      "started.\n\n"
      "Calibration data are one file a sample. hb_mapper has images as in training, 0 to 255 before mean and "
      "scale; hb_compile has .npy\nof what the model's own input takes, mean and scale applied. They become "
      "what the board sees: colours by the inverse matrix, chroma\nof NV12 the mean of four pixels.\n\n"
      "| march | tool | machine | core_num |\n|---|---|---|---|\n";
  for (const March& march : marches())
    text += "|" + cell(march.name) + cell(march.tool == Tool::Mapper ? "hb_mapper" : "hb_compile") +
            cell(*march.machine != '\0' ? march.machine : "no preset: give `--machine`") +
            cell(march.cores > 1    ? "1 to " + std::to_string(march.cores)
                 : march.cores == 1 ? "1"
                                    : "-") +
            "\n";
  for (const std::string& group : groups()) {
    text += "\n## " + group + "\n\n| key | tool | values | | here |\n|---|---|---|---|---|\n";
    for (const Key& key : keys())
      if (key.group == group)
        text += "|" + cell("`" + std::string(key.name) + "`") +
                cell(key.mapper && key.compile ? "both"
                     : key.mapper              ? "hb_mapper"
                                               : "hb_compile") +
                cell(key.values) + cell(text_of(key.treatment)) + cell(key.how) + "\n";
  }
  return text +
         "\n`--against hb_mapper.log` holds the run against a log of the real tool: where each node is, its "
         "threshold and cosine, latency, DDR\nbytes.\n";
}

}  // namespace bpusim::toolchain
