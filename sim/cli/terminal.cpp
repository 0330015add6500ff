#include "sim/cli/terminal.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "sim/result/printable.h"

namespace bpusim {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* kClearLine = "\r\033[K";

struct Stage {
  const Clock::time_point begun = Clock::now();
  Clock::time_point shown = begun;
  std::string name;
};

std::string progress_text(const Stage& stage, std::size_t done, std::size_t all) {
  char text[128];
  const double seconds = std::chrono::duration<double>(Clock::now() - stage.begun).count();
  if (all > 0)
    std::snprintf(text, sizeof text, "%s: node %zu of %zu, %.1f s", stage.name.c_str(), done + 1, all,
                  seconds);
  else
    std::snprintf(text, sizeof text, "%s, %.1f s", stage.name.c_str(), seconds);
  return text;
}

// A new stage at once, then every so often.
bool due(Stage& stage, const char* name, Clock::duration every) {
  const auto now = Clock::now();
  if (stage.name == name && now - stage.shown < every) return false;
  stage.name = name;
  stage.shown = now;
  return true;
}

}  // namespace

void say_note(const std::string& text) {
  static std::set<std::string> said;  // of the runs of a comparison, say
  if (spdlog::should_log(spdlog::level::warn) && said.insert(text).second)
    std::fprintf(stderr, "note: %s\n", printable(text).c_str());
}

bool colours_wanted() {
  const char* no = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no == nullptr || *no == '\0');
}

ProgressDisplay::ProgressDisplay() {
  listener_.warning = [](const std::string& text) { spdlog::warn("{}", printable(text)); };
  const bool told = spdlog::should_log(spdlog::level::warn);
  if (told) listener_.note = say_note;
  const auto stage = std::make_shared<Stage>();
  if (spdlog::should_log(spdlog::level::info)) {
    listener_.info = [](const std::string& text) { spdlog::info("{}", printable(text)); };
    listener_.progress = [stage](const char* name, std::size_t done, std::size_t all) {
      if (due(*stage, name, 2s)) spdlog::info("{}", progress_text(*stage, done, all));
    };
  } else if (told && isatty(STDERR_FILENO) == 1) {
    line_ = true;
    listener_.progress = [stage](const char* name, std::size_t done, std::size_t all) {
      if (due(*stage, name, 100ms))
        std::fprintf(stderr, "%s%s", kClearLine, progress_text(*stage, done, all).c_str());
    };
  }
}

ProgressDisplay::~ProgressDisplay() {
  if (line_) std::fputs(kClearLine, stderr);
}

}  // namespace bpusim
