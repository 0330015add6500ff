#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>

#include "sim/config/memory_budget.h"
#include "sim/config/paths.h"
#include "sim/network/files/tensor_files.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCalibration = "calibration_parameters";
constexpr std::array<RawType, 5> kTypes = {RawType::Float32, RawType::UInt8, RawType::Int8, RawType::Int16,
                                           RawType::Int32};
constexpr const char* kFloatSuffix = "_f32";

// What the files of a folder hold that do not say it themselves.
RawType raw_type(const std::string& folder, const std::string& word, bool nash) {
  for (const RawType type : kTypes)
    if (word == to_string(type)) return type;
  if (nash) return RawType::Float32;
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

// Samples that still are 0 to 255 where the model takes images behind mean and scale are calibrated on as
// they are, which spoils all grids: half a range beyond that of images is said.
void note_pixels(Translation& t, std::size_t i, const std::string& folder, const YamlNode& at) {
  const auto image = t.source.pixels.find(t.inputs[i]);
  if (!t.nash() || image == t.source.pixels.end() || !is_folder(folder)) return;
  const auto files = entries_of(folder);
  const auto file = std::find_if(files.begin(), files.end(),
                                 [](const fs::path& entry) { return entry.extension() == ".npy"; });
  if (file == files.end()) return;
  const PixelInput& pixels = image->second.value;
  std::vector<double> ends;
  for (const double mean : pixels.mean)
    for (const double scale : pixels.scale)
      for (const double byte : {0.0, 255.0}) ends.push_back((byte - mean) * scale);
  const auto [low, high] = std::minmax_element(ends.begin(), ends.end());
  try {
    MemoryBudget budget(t.options.memory_limit);
    const AnyTensor tensor = read_tensor_file(file->string(), &budget);
    const auto* numbers = std::get_if<Tensor>(&tensor);
    if (numbers == nullptr || numbers->values.empty()) return;
    const auto [least, most] = std::minmax_element(numbers->values.begin(), numbers->values.end());
    const double room = (*high - *low) / 2;
    std::ostringstream text;
    text << file->string() << " holds " << *least << " to " << *most
         << ", and what the model takes of images is " << *low << " to " << *high
         << ": samples of hb_compile have mean and scale behind them";
    if (*least < *low - room || *most > *high + room) t.note(at, text.str());
  } catch (const InputError&) {
    return;  // said where samples are read
  }
}

void read_folders(Translation& t, bool needed) {
  const Setting folders = t.setting(kCalibration, "cal_data_dir"),
                types = t.setting(kCalibration, "cal_data_type");
  const auto dirs = folders.list();
  auto words = types.list();
  for (const Placed<std::string>& word : words)
    if (std::none_of(kTypes.begin(), kTypes.end(),
                     [&](RawType type) { return word.value == to_string(type); }))
      word.at.fail("'" + word.value +
                   "' is none of the choices (there are: float32, uint8, int8, int16, int32)");
  if (dirs.empty()) {
    const std::string why = "no cal_data_dir: calibrated on drawn numbers";
    if (needed && !t.nash()) t.group(kCalibration).fail("needs a cal_data_dir, or calibration_type: skip");
    if (needed && t.nash()) t.run.notes.push_back(t.root.file() + ": " + why);
    return;
  }
  if (!needed) return t.note(folders.node(), "is not used with this calibration_type");
  if (dirs.size() != t.inputs.size())
    return folders.fail("has " + std::to_string(dirs.size()) + (dirs.size() == 1 ? " folder" : " folders") +
                        ", and the model has " + std::to_string(t.inputs.size()) +
                        " inputs: one for each, with ; between");
  if (words.size() > 1 && words.size() != t.inputs.size())
    return types.fail("has " + std::to_string(words.size()) + " types for " +
                      std::to_string(t.inputs.size()) + " inputs");
  for (std::size_t i = 0; i < t.inputs.size(); ++i) {
    const std::string path = t.find(dirs[i].value);
    if (!is_there(path))  // a run without values needs none
      t.note(dirs[i].at,
             "'" + dirs[i].value + "' is neither at " + path +
                 " nor where the program was started: timing alone (--no-function) can do without");
    if (const std::string picture = picture_in(path); !picture.empty())
      t.note(dirs[i].at, path + " holds " + picture +
                             ": JPEG, PNG and BMP are not read; timing and check alone can do without");
    note_pixels(t, i, path, dirs[i].at);
    const std::string word = words.empty() ? "" : words[words.size() == 1 ? 0 : i].value;
    const std::int64_t copies = std::max<std::int64_t>(1, t.source.batch.value);
    t.run.input_samples.push_back(
        {t.inputs[i], path, raw_type(path, word, t.nash()), copies, dirs[i].at.where()});
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
  options.percentile = percentile.number(1, 0, 1);
  if (percentile.given() && type != "max")
    t.note(percentile.node(), "is not used with calibration_type " + type);
  else if (options.percentile < 1)
    options.calibration = "percentile";
  if (per_channel.flag(false))
    t.note(per_channel.node(), "is not modelled: a tensor has one scale; weights have one a channel");
  t.setting(kCalibration, "preprocess_on").flag(false);
  read_folders(t, type != "load" && type != "skip");
}

}  // namespace bpusim::toolchain
