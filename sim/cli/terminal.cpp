#include "sim/cli/terminal.h"

#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "sim/report/report.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* kClearLine = "\r\033[K";

struct Shown {
  const Clock::time_point begun = Clock::now();
  Clock::time_point last = begun;
  std::string stage;
};

// "42 %, compile, 3.2 s": of the whole work.
std::string progress_text(const Shown& shown, std::size_t done, std::size_t all) {
  char text[128];
  const double seconds = std::chrono::duration<double>(Clock::now() - shown.begun).count();
  const std::size_t percent = all > 0 ? 100 * std::min(done, all) / all : 0;
  std::snprintf(text, sizeof text, "%3zu %%, %s, %.1f s", percent, shown.stage.c_str(), seconds);
  return text;
}

// A new stage at once, then every so often.
bool due(Shown& shown, const char* stage, Clock::duration every) {
  const auto now = Clock::now();
  if (shown.stage == stage && now - shown.last < every) return false;
  shown.stage = stage;
  shown.last = now;
  return true;
}

// What is said beside progress stands on a line of its own.
void clear_progress() {
  if (isatty(STDERR_FILENO) == 1) std::fputs(kClearLine, stderr);
}

}  // namespace

void say_note(const std::string& text) {
  static std::set<std::string> said;  // of the runs of a comparison, say
  if (!spdlog::should_log(spdlog::level::warn) || !said.insert(text).second) return;
  clear_progress();
  std::fprintf(stderr, "note: %s\n", printable(text).c_str());
}

bool colours_wanted() {
  const char* no = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no == nullptr || *no == '\0');
}

std::size_t text_width() {
  constexpr std::size_t kLeast = 40, kMost = 10000;
  const char* given = std::getenv("COLUMNS");
  char* end = nullptr;
  std::size_t columns = given != nullptr ? std::strtoul(given, &end, 10) : 0;
  if (given == nullptr || *end != '\0' || columns > kMost) columns = 0;
  winsize size{};
  if (columns == 0 && isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    columns = size.ws_col;
  return columns == 0 ? kReportWidth : std::max(columns, kLeast);
}

ProgressDisplay::ProgressDisplay() {
  listener_.warning = [](const std::string& text) {
    clear_progress();
    spdlog::warn("{}", printable(text));
  };
  const bool told = spdlog::should_log(spdlog::level::warn);
  if (told) listener_.note = say_note;
  const auto shown = std::make_shared<Shown>();
  if (spdlog::should_log(spdlog::level::info)) {
    listener_.info = [](const std::string& text) { spdlog::info("{}", printable(text)); };
    listener_.progress = [shown](const char* stage, std::size_t done, std::size_t all) {
      if (due(*shown, stage, 2s)) spdlog::info("{}", progress_text(*shown, done, all));
    };
  } else if (told && isatty(STDERR_FILENO) == 1) {
    line_ = true;
    listener_.progress = [shown](const char* stage, std::size_t done, std::size_t all) {
      if (due(*shown, stage, 100ms))
        std::fprintf(stderr, "%s%s", kClearLine, progress_text(*shown, done, all).c_str());
    };
  }
}

ProgressDisplay::~ProgressDisplay() {
  if (line_) std::fputs(kClearLine, stderr);
}

}  // namespace bpusim
