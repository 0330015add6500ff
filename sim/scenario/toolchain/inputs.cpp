#include <algorithm>
#include <cstdlib>

#include "sim/config/suggest.h"
#include "sim/scenario/pixel_inputs.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

constexpr const char* kInput = "input_parameters";
constexpr double kMost = 1e9;  // of means and scales

// A value for each input: given for each, or nothing for all. Clears `fits` where there are other numbers.
std::vector<Placed<std::string>> for_each_input(const Translation& t, const char* key, bool& fits) {
  const Setting setting = t.setting(kInput, key);
  auto values = setting.list();
  if (setting.node().is_list() && t.inputs.size() == 1 && values.size() > 1) {  // numbers of its channels
    for (std::size_t i = 1; i < values.size(); ++i) values[0].value += " " + values[i].value;
    values.resize(1);
  }
  if (values.size() == 1 && std::string(key) == "norm_type") values.resize(t.inputs.size(), values[0]);
  if (!values.empty() && values.size() != t.inputs.size()) {
    setting.fail("has " + std::to_string(values.size()) + (values.size() == 1 ? " value" : " values") +
                 ", and the model has " + std::to_string(t.inputs.size()) +
                 " inputs: one for each, with ; between");
    fits = false;
    values.clear();
  }
  values.resize(t.inputs.size(), {"", setting.node()});
  for (Placed<std::string>& value : values)
    if (says_nothing(value.value)) value.value.clear();
  return values;
}

std::string choice(const Placed<std::string>& value, const std::string& fallback,
                   const std::vector<std::string>& choices) {
  if (value.value.empty()) return fallback;
  if (std::find(choices.begin(), choices.end(), value.value) != choices.end()) return value.value;
  value.at.fail("'" + value.value + "' is none of the choices" + did_you_mean(value.value, choices));
  return fallback;
}

// "103.94 116.78 123.68", with blanks or commas.
std::vector<double> numbers(const Placed<std::string>& value, std::size_t channels) {
  std::vector<double> found;
  for (const std::string& part : parts_of(value.value, " ,\t[]")) {
    if (part.empty()) continue;
    char* end = nullptr;
    found.push_back(std::strtod(part.c_str(), &end));
    if (*end != '\0' || !(found.back() >= -kMost && found.back() <= kMost)) {
      value.at.fail("'" + part + "' is no number between -1e9 and 1e9");
      return {};
    }
  }
  if (found.size() == 1 || found.size() == channels) return found;
  value.at.fail("has " + std::to_string(found.size()) +
                " numbers for an input: one is needed, or one a channel (" + std::to_string(channels) + ")");
  return {};
}

// All that is said of the inputs, one by one.
struct Said {
  std::vector<Placed<std::string>> train, train_layout, type, layout, range, norm, mean, scale, deviation;
};

// hb_compile takes what is there of mean, scale and deviation; in hb_mapper norm_type says which of them
// count.
void read_norm(Translation& t, const Said& said, std::size_t i, PixelInput& pixels) {
  const bool told = t.nash();
  const auto channels = static_cast<std::size_t>(pixels.channels());
  const Placed<std::string>& norm = said.norm[i];
  const std::string type =
      choice(norm, "no_preprocess", {"no_preprocess", "data_mean", "data_scale", "data_mean_and_scale"});
  const auto take = [&](const char* kind, const Placed<std::string>& value, std::vector<double>& into) {
    const bool wanted = told || type == kind || type == "data_mean_and_scale";
    if (!wanted && !value.value.empty()) t.note(value.at, "is not used: norm_type is " + type);
    if (!wanted) return;
    if (value.value.empty()) {
      if (!told)
        norm.at.fail(type + " needs " + (std::string(kind) == "data_mean" ? "mean_value" : "scale_value"));
      return;
    }
    if (auto given = numbers(value, channels); !given.empty()) into = given;
  };
  take("data_mean", said.mean[i], pixels.mean);
  if (said.deviation[i].value.empty()) {
    take("data_scale", said.scale[i], pixels.scale);
    if (std::count(pixels.scale.begin(), pixels.scale.end(), 0.0) > 0)
      said.scale[i].at.fail("a scale of 0 leaves nothing of the image");
    return;
  }
  if (!said.scale[i].value.empty()) said.deviation[i].at.fail("give scale_value or std_value, not both");
  std::vector<double> deviations = numbers(said.deviation[i], channels);
  for (double& v : deviations) {
    if (v == 0) return said.deviation[i].at.fail("a deviation of 0 divides by nothing");
    v = 1 / v;
  }
  if (!deviations.empty()) pixels.scale = deviations;
}

std::string default_layout(const Translation& t, PixelType type) {
  return t.nash() && type == PixelType::Gray ? "NCHW" : "NHWC";
}

void read_image(Translation& t, const Said& said, std::size_t i, PixelType type, PixelType train) {
  PixelInput pixels;
  pixels.type = type;
  pixels.train = train;
  pixels.samples = t.nash() ? PixelSamples::Model : PixelSamples::Trained;
  if (!is_legal(train, type))
    return said.type[i].at.fail(std::string("a model trained on ") + to_string(train) + " is not given " +
                                to_string(type) +
                                " (yuv444: nv12 and yuv444; rgb and bgr: these, rgb and bgr; gray: gray)");
  if (said.train_layout[i].value.empty())
    said.train_layout[i].at.fail("needs input_layout_train for an image");
  pixels.train_channels_last = choice(said.train_layout[i], "NCHW", {"NCHW", "NHWC"}) == "NHWC";
  const std::string usual = default_layout(t, type), layout = choice(said.layout[i], usual, {"NCHW", "NHWC"});
  pixels.channels_last = (t.nash() ? usual : layout) == "NHWC";
  if (t.nash() && layout != usual && type != PixelType::Nv12)
    t.note(said.layout[i].at,
           "changes nothing in hb_compile, which has " + std::string(to_string(type)) + " as " + usual);
  if (type == PixelType::Yuv444 && !pixels.channels_last && std::string(t.march.name) == "bernoulli2")
    said.layout[i].at.fail("yuv444 in NCHW is not on X3: use NHWC");
  const std::string range = choice(said.range[i], "regular", {"regular", "bt601_video"});
  pixels.range = range == "regular" ? YuvRange::Full : YuvRange::Video;
  if (range != "regular" && type != PixelType::Nv12) said.range[i].at.fail("bt601_video is for nv12 alone");
  read_norm(t, said, i, pixels);
  t.source.pixels[t.inputs[i]] = {pixels, said.type[i].at};
}

void read_featuremap(Translation& t, const Said& said, std::size_t i) {
  const std::string norm = choice(said.norm[i], "no_preprocess",
                                  {"no_preprocess", "data_mean", "data_scale", "data_mean_and_scale"});
  if (norm != "no_preprocess" && !t.nash())
    said.norm[i].at.fail(
        "mean and scale of a featuremap are not modelled: use no_preprocess, and put them into "
        "the model");
  for (const auto* values : {&said.mean, &said.scale, &said.deviation})
    if (!(*values)[i].value.empty())
      t.note((*values)[i].at, "is not used: '" + t.inputs[i] + "' is a featuremap without preprocessing");
  const std::string train = choice(said.train_layout[i], "NCHW", {"NCHW", "NHWC"}),
                    layout = choice(said.layout[i], train, {"NCHW", "NHWC"});
  if (layout != train)
    t.note(said.layout[i].at, "a featuremap comes in the model's own layout, " + train + ", here");
}

void read_input(Translation& t, const Said& said, std::size_t i) {
  const std::vector<std::string> trains = {"rgb", "bgr", "yuv444", "gray", "featuremap"},
                                 types = {"rgb", "bgr", "yuv444", "nv12", "gray", "featuremap"};
  for (const auto* value : {&said.train[i], &said.type[i]})
    if (value->value.empty()) {
      value->at.fail(std::string("needs ") + (value == &said.type[i] ? "input_type_rt" : "input_type_train") +
                     " for '" + t.inputs[i] + "'");
      return;
    }
  const std::string train = choice(said.train[i], "featuremap", trains),
                    type = choice(said.type[i], "featuremap", types);
  if ((train == "featuremap") != (type == "featuremap"))
    return said.type[i].at.fail("a model trained on " + train + " is not given " + type +
                                ": one of a featuremap takes that, and no other does");
  if (train == "featuremap") return read_featuremap(t, said, i);
  read_image(t, said, i, *parse_pixel_type(type), *parse_pixel_type(train));
}

void read_names(Translation& t) {
  const auto names = t.setting(kInput, "input_name").list();
  for (const Placed<std::string>& name : names) {
    if (says_nothing(name.value)) continue;
    if (std::find(t.model.inputs.begin(), t.model.inputs.end(), name.value) == t.model.inputs.end())
      name.at.fail("the model has no input '" + name.value + "'" + did_you_mean(name.value, t.model.inputs));
    else
      t.inputs.push_back(name.value);
  }
  if (t.inputs.empty()) t.inputs = t.model.inputs;
  if (t.inputs.size() != t.model.inputs.size() && !names.empty())
    names[0].at.fail("names " + std::to_string(t.inputs.size()) + " of the model's " +
                     std::to_string(t.model.inputs.size()) + " inputs" + did_you_mean("", t.model.inputs));
}

void read_shapes(Translation& t) {
  bool fits = true;
  const auto shapes = for_each_input(t, "input_shape", fits);
  for (std::size_t i = 0; i < t.inputs.size(); ++i) {
    if (shapes[i].value.empty()) continue;
    Shape shape;
    for (const std::string& part : parts_of(shapes[i].value, "xX*,")) {
      const bool digits =
          !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == part.npos;
      shape.push_back(digits ? std::stoll(part) : 0);
      if (shape.back() < 1) return shapes[i].at.fail("'" + shapes[i].value + "' is no shape, as 1x3x224x224");
    }
    t.source.shapes[t.inputs[i]] = {shape, shapes[i].at};
  }
  const Setting batch = t.setting(kInput, "input_batch");
  const std::int64_t images = batch.integer(1, 1, std::string(t.march.name) == "bernoulli2" ? 128 : 4096);
  if (images > 1 && t.inputs.size() != 1 && !t.nash())
    return batch.fail("is for models of one input, and this one has " + std::to_string(t.inputs.size()));
  if (images > 1) t.source.batch = {images, batch.node()};
}

}  // namespace

void read_input_parameters(Translation& t) {
  if (!Setting(t.group(kInput)).given()) {
    if (!t.nash()) t.root["model_parameters"].fail("the file needs input_parameters too");
    t.inputs = t.model.inputs;
    return;
  }
  read_names(t);
  read_shapes(t);
  bool fits = true;
  const auto of = [&](const char* key) { return for_each_input(t, key, fits); };
  const Said said{of("input_type_train"), of("input_layout_train"),    of("input_type_rt"),
                  of("input_layout_rt"),  of("input_space_and_range"), of("norm_type"),
                  of("mean_value"),       of("scale_value"),           of("std_value")};
  for (std::size_t i = 0; i < t.inputs.size() && fits; ++i) read_input(t, said, i);
  if (const Setting norm = t.setting(kInput, "norm_type"); t.nash() && norm.given())
    t.note(norm.node(),
           "is deprecated and changes nothing in hb_compile: of mean_value, scale_value and std_value those "
           "count that are there");
  const Setting apart = t.setting(kInput, "separate_batch"), by_name = t.setting(kInput, "separate_name");
  if (apart.given() && by_name.given()) by_name.fail("give separate_batch or separate_name, not both");
  if (apart.flag(false) || by_name.given())
    t.note((by_name.given() ? by_name : apart).node(),
           "images of a batch come as one tensor here, of the same bytes");
}

}  // namespace bpusim::toolchain
