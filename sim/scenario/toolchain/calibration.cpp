#include <filesystem>
#include <set>

#include "sim/config/paths.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCalibration = "calibration_parameters";
constexpr const char* kFloatSuffix = "_f32";

// What the files of a folder hold that do not say it themselves.
RawType raw_type(const std::string& folder, const std::string& word) {
  if (!word.empty()) return word == "float32" ? RawType::Float32 : RawType::UInt8;
  std::string name = fs::path(folder).filename().string();
  if (name.empty()) name = fs::path(folder).parent_path().filename().string();
  const std::string suffix = kFloatSuffix;
  const bool floats =
      name.size() >= suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
  return floats ? RawType::Float32 : RawType::UInt8;
}

// A picture in the folder: nothing here reads it.
std::string picture_in(const std::string& folder) {
  static const std::set<std::string> kinds = {".jpg", ".jpeg", ".png", ".bmp", ".JPG", ".JPEG", ".PNG"};
  if (!is_folder(folder)) return "";
  for (const auto& entry : entries_of(folder))
    if (kinds.count(entry.extension().string()) != 0) return entry.filename().string();
  return "";
}

void read_folders(Translation& t, bool needed) {
  const Setting folders = t.setting(kCalibration, "cal_data_dir"),
                types = t.setting(kCalibration, "cal_data_type");
  const auto dirs = folders.list();
  auto words = types.list();
  for (const Placed<std::string>& word : words)
    if (word.value != "float32" && word.value != "uint8")
      word.at.fail("'" + word.value + "' is none of the choices (there are: float32, uint8)");
  if (dirs.empty()) {
    const std::string why = "no cal_data_dir: calibrated on drawn numbers";
    if (needed && !t.nash()) t.group(kCalibration).fail("needs a cal_data_dir, or calibration_type: skip");
    if (needed && t.nash()) t.run.notes.push_back(t.root.file() + ": " + why);
    return;
  }
  if (!needed) return t.note(folders.node(), "is not used with this calibration_type");
  if (dirs.size() != t.inputs.size())
    return folders.fail("has " + std::to_string(dirs.size()) + " folders, and the model has " +
                        std::to_string(t.inputs.size()) + " inputs: one for each, with ; between");
  if (words.size() > 1 && words.size() != t.inputs.size())
    return types.fail("has " + std::to_string(words.size()) + " types for " +
                      std::to_string(t.inputs.size()) + " inputs");
  for (std::size_t i = 0; i < t.inputs.size(); ++i) {
    const std::string path = t.find(dirs[i].value);
    if (!is_there(path))  // a run without values needs none
      t.note(dirs[i].at, "'" + dirs[i].value + "' is neither at " + path +
                             " nor where the program was started: timing and check alone can do without");
    if (const std::string picture = picture_in(path); !picture.empty())
      return dirs[i].at.fail(path + " holds " + picture +
                             ": JPEG, PNG and BMP are not read; give raw float32 or uint8, or .npy");
    const std::string word = words.empty() ? "" : words[words.size() == 1 ? 0 : i].value;
    t.run.input_samples.push_back({t.inputs[i], path, raw_type(path, word)});
  }
}

}  // namespace

void read_calibration_parameters(Translation& t) {
  const Setting kind = t.setting(kCalibration, "calibration_type"),
                percentile = t.setting(kCalibration, "max_percentile"),
                per_channel = t.setting(kCalibration, "per_channel");
  const std::string type =
      kind.choice(t.nash() ? "max" : "default", {"default", "mix", "kl", "max", "load", "skip"});
  NodeOptions& options = t.run.defaults;
  options.calibration = type == "default" || type == "mix" ? "auto" : type == "kl" ? "kl" : "max";
  if (type == "default" || type == "mix")
    t.note(kind.node(), type +
                            " is read as calibration: auto, which tries all methods and takes the one whose "
                            "outputs are nearest to float");
  if (type == "load") t.note(kind.node(), "load: the model's own scales count where it has QuantizeLinear");
  options.percentile = percentile.number(1, 0.5, 1);
  if (percentile.given() && type != "max")
    t.note(percentile.node(), "is not used with calibration_type " + type);
  else if (options.percentile < 1)
    options.calibration = "percentile";
  if (per_channel.flag(false))
    t.note(per_channel.node(), "is not modelled: a tensor has one scale; weights have one a channel");
  if (const Setting images = t.setting(kCalibration, "preprocess_on"); images.flag(false))
    images.fail("JPEG and PNG are not read: write the samples as raw float32 or uint8 and set it to False");
  read_folders(t, type != "load" && type != "skip");
}

}  // namespace bpusim::toolchain
