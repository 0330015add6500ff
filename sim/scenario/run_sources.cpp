#include "sim/scenario/run_sources.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sim/config/config_paths.h"
#include "sim/config/file_kind.h"
#include "sim/config/paths.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/scenario/toolchain/toolchain_file.h"

namespace bpusim {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRuns = "runs";

// A file, as it is called and as it is.
struct Link {
  std::string called, real;
};

std::string real_path(const std::string& path) {
  return resolved(path).string();
}

std::string circle_text(const std::vector<Link>& chain, const Link& again) {
  std::string text;
  for (const Link& link : chain) text += link.called + " -> ";
  return text + again.called;
}

// What is wrong with reading the base is said at its key.
YamlNode over_base(const YamlNode& root, std::vector<Link> chain, std::int64_t memory_limit,
                   Problems& problems) {
  const YamlNode base = root["base"];
  if (!base.exists()) return root;
  if (!base.is_scalar() || base.word().empty()) {
    base.fail("expected a run file, as other.yaml");
    return root;
  }
  try {
    const Link link{is_config_path(base.word()) ? base.path() : resolve_config(kRuns, base.word()), ""};
    const auto again = std::find_if(chain.begin(), chain.end(), [&](const Link& before) {
      return before.real == real_path(link.called);
    });
    if (again != chain.end()) {
      base.fail("is based on itself: " + circle_text(chain, link));
      return root;
    }
    chain.push_back({link.called, real_path(link.called)});
    const YamlNode below = YamlNode::read_text(read_yaml(link.called, memory_limit), link.called, problems,
                                               fs::path(link.called).parent_path().string());
    require_kind(FileKind::Run, below);
    if (!is_toolchain_file(below))
      return root.over(over_base(below, std::move(chain), memory_limit, problems));
    base.fail(link.called + " is the vendor's YAML, which no run file is based on");
  } catch (const InputError& error) {
    for (const std::string& line : error.lines()) base.fail(line);
  }
  return root;
}

}  // namespace

RunPath run_path(const std::string& path_or_name) {
  const fs::path path(path_or_name);
  if (is_there(path) || path_or_name.find('/') != std::string::npos || path.has_extension())
    return {path_or_name, ""};
  const std::vector<std::string> names = list_configs(kRuns);
  const std::string name = name_meant(path_or_name, names);
  if (name.empty())
    throw InputError("'" + path_or_name + "' is no file, and no run that comes with bpusim" +
                     did_you_mean(path_or_name, names));
  return {resolve_config(kRuns, name),
          name == path_or_name ? "" : "run '" + path_or_name + "' is taken as " + name};
}

YamlNode over_bases(const YamlNode& root, std::int64_t memory_limit, Problems& problems) {
  require_kind(FileKind::Run, root);
  return over_base(root, {{root.file(), real_path(root.file())}}, memory_limit, problems);
}

std::vector<ShippedRun> shipped_runs() {
  std::vector<ShippedRun> runs;
  for (const std::string& name : list_configs(kRuns)) {
    const std::string path = resolve_config(kRuns, name);
    Problems problems;
    const YamlNode root = over_bases(
        YamlNode::read_text(read_yaml(path), path, problems, fs::path(path).parent_path().string()), 0,
        problems);
    const YamlNode model = root["model"];
    const bool made = !model.exists() || is_there(model.path());
    runs.push_back(
        {name, root["description"].word(), root["machine"].word(), made ? "" : root["model_made_by"].word()});
    problems.raise();
  }
  return runs;
}

}  // namespace bpusim
