#include "sim/report/advice_list.h"

#include <algorithm>

#include "sim/report/advice_text.h"
#include "sim/report/text_table.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr double kLeastWon = 0.0005;  // ms: less is printed as 0.000

bool was_timed(const Advice& advice) {
  return advice.what_if || advice.freed || advice.run_ms || advice.won_ms != 0;
}

// Advice without a time that begins alike: "BatchNormalization stays an operator", and why.
struct Group {
  std::string begins;
  std::vector<std::string> ends;
};

std::vector<Group> groups_of(const std::vector<std::string>& texts) {
  std::vector<Group> groups;
  for (const std::string& text : texts) {
    const std::size_t colon = text.find(": ");
    const std::string begins = text.substr(0, colon);
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.begins == begins; });
    if (group == groups.end()) group = groups.insert(groups.end(), Group{begins, {}});
    group->ends.push_back(colon == std::string::npos ? "" : text.substr(colon + 2));
  }
  return groups;
}

std::string text_of(const Group& group, std::size_t width) {
  if (group.ends.size() == 1)
    return wrapped(group.begins + (group.ends[0].empty() ? "" : ": " + group.ends[0]), width, "  ", 4);
  std::string text = wrapped(group.begins + ":", width, "  ", 4);
  for (const std::string& end : group.ends) text += wrapped(end, width, "  - ");
  return text;
}

}  // namespace

std::string advice_list(const std::vector<Advice>& advice, double now_ms, const TextStyle& style) {
  std::string timed;
  std::vector<std::string> others;
  const std::size_t digits = advice.empty() ? 0 : fixed(advice.front().won_ms, 3).size();
  for (const Advice& a : advice) {
    const std::string text = printable(text_of(a, now_ms));
    if (a.won_ms >= kLeastWon) {
      const std::string won = fixed(a.won_ms, 3);
      timed += wrapped(text, style.width,
                       "  " + std::string(digits - std::min(digits, won.size()), ' ') + won + " ms  ");
    } else if (!was_timed(a)) {
      others.push_back(text);
    }
  }
  std::string text = timed.empty() ? "" : heading("What to change, by time won", style) + timed;
  if (others.empty()) return text;
  text +=
      (timed.empty() ? "" : "\n") + heading(timed.empty() ? "What to change" : "What else to look at", style);
  for (const Group& group : groups_of(others)) text += text_of(group, style.width);
  return text;
}

}  // namespace bpusim
