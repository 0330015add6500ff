#include <algorithm>

#include "sim/report/advice_list.h"
#include "sim/report/identity_text.h"
#include "sim/report/metric_text.h"
#include "sim/report/reason_table.h"
#include "sim/report/report.h"
#include "sim/report/words.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr std::size_t kSegments = 20;

struct Segment {
  int number = 0;
  Side on = Side::Nowhere;
  std::vector<const PlacedNode*> nodes;
  std::int64_t macs = 0, parameters = 0;
};

std::vector<Segment> segments_of(const CheckResult& result) {
  std::vector<Segment> segments;
  for (const PlacedNode& node : result.nodes) {
    if (node.segment == 0) continue;
    if (segments.empty() || segments.back().number != node.segment)
      segments.push_back({node.segment, node.on, {}, 0, 0});
    segments.back().nodes.push_back(&node);
    segments.back().macs += node.macs;
    segments.back().parameters += node.parameters;
  }
  return segments;
}

std::string colour_of(Side side, const TextStyle& style) {
  return !style.colour || side == Side::Bpu ? "" : side == Side::Cpu ? kYellow : kRed;
}

std::string segment_table(const std::vector<Segment>& segments, const TextStyle& style) {
  const std::size_t shown = style.all_nodes ? segments.size() : std::min(segments.size(), kSegments);
  std::int64_t most = 0;
  for (const Segment& segment : segments) most = std::max(most, segment.macs);
  const ColumnUnit unit = *unit_for(Shown::As::Macs, static_cast<double>(most));
  TextTable table({"Segment>", "ON", "Nodes>", TextColumn("From").elided(16, 40),
                   TextColumn("To").elided(16, 40), TextColumn(unit.name + ">").ranked(1).unless_all(""),
                   TextColumn("Parameters>").ranked(2).unless_all("")});
  for (std::size_t s = 0; s < shown; ++s) {
    const Segment& segment = segments[s];
    table.add({std::to_string(segment.number), to_string(segment.on), std::to_string(segment.nodes.size()),
               segment.nodes.front()->name, segment.nodes.size() > 1 ? segment.nodes.back()->name : "",
               segment.macs > 0 ? text_in(unit, static_cast<double>(segment.macs)) : "-",
               segment.parameters > 0 ? grouped(segment.parameters) : "-"},
              colour_of(segment.on, style));
  }
  return table.str(style.table_width()) +
         (shown < segments.size() ? wrapped("The first " + std::to_string(shown) + " of " +
                                                std::to_string(segments.size()) + "; --nodes prints all.",
                                            style.width, "  ")
                                  : "");
}

std::string totals(const CheckResult& result, const std::vector<Segment>& segments, const TextStyle& style) {
  std::size_t on[3] = {}, views = 0;
  std::int64_t macs[3] = {}, parameters = 0;
  for (const PlacedNode& node : result.nodes) {
    const auto side = static_cast<std::size_t>(node.on);
    ++(node.segment == 0 ? views : on[side]);
    macs[side] += node.macs;
    parameters += node.parameters;
  }
  const auto bpu = static_cast<std::size_t>(Side::Bpu), cpu = static_cast<std::size_t>(Side::Cpu),
             nowhere = static_cast<std::size_t>(Side::Nowhere);
  std::string nodes = std::to_string(on[bpu] + on[cpu] + on[nowhere]) + ": " + std::to_string(on[bpu]) +
                      " on the BPU, " + std::to_string(on[cpu]) + " on the CPU";
  if (on[nowhere] > 0) nodes += ", " + std::to_string(on[nowhere]) + " with no place";
  nodes += ", in " + std::to_string(segments.size()) + (segments.size() == 1 ? " segment" : " segments");
  if (views > 0)
    nodes += "; " + std::to_string(views) +
             (views == 1 ? " more only changes a shape" : " more only change shapes");
  std::string text = total_row("nodes", nodes, style);
  const auto macs_text = [](std::int64_t count) {
    return text_of(metric_of(placed_node_metrics(), "macs"), Value(count));
  };
  if (const std::int64_t all = macs[bpu] + macs[cpu] + macs[nowhere]; all > 0)
    text += total_row(
        "MACs", macs_text(all) + (macs[cpu] > 0 ? ", " + macs_text(macs[cpu]) + " of them on the CPU" : ""),
        style);
  return text + total_row("parameters", grouped(parameters), style);
}

std::string row_a_node(const CheckResult& result, const TextStyle& style) {
  const auto of = [](const char* name) { return column_of(placed_node_metrics(), name); };
  const auto type = [&](const PlacedNode& n) { return type_in_table(n.op, style); };
  std::vector<Column<PlacedNode>> columns = {
      of("name"),   column_of<PlacedNode>(placed_node_metrics(), "op", type),
      of("shape"),  of("on"),
      of("reason"), of("source")};
  columns[0].form = columns[0].form.elided(18, 50);
  columns[1].form = columns[1].form.elided(12, 30);
  columns[2].form = columns[2].form.elided(11, 24).ranked(2);
  columns[4].form = columns[4].form.wrapped(20);
  columns[5].form = columns[5].form.wrapped(16).ranked(3);
  return heading("Nodes", style) + table_with<PlacedNode>(columns, result.nodes, [&](const PlacedNode& n) {
                                     return colour_of(n.on, style);
                                   }).str(style.table_width());
}

// In lines that a shell takes together; whole where one of its words has no room, or is quoted.
std::string next_text(const NextCommand& command, std::size_t width) {
  constexpr std::size_t kIndent = 6, kMark = 2;  // " \\"
  const std::string text = wrapped(command.tells + ":", width, "  ");
  const std::size_t room = std::max(width, 3 * kIndent) - kIndent - kMark;
  const std::vector<std::string> lines = wrapped_lines(command.line, room);
  std::string joined;
  for (const std::string& line : lines) joined += (joined.empty() ? "" : " ") + line;
  if (joined != command.line || command.line.find('\'') != std::string::npos)
    return text + "    " + command.line + "\n";
  std::string shown;
  for (const std::string& line : lines) shown += (shown.empty() ? "    " : " \\\n      ") + line;
  return text + shown + "\n";
}

std::string where_and_why(const CheckResult& result, const TextStyle& style) {
  std::vector<PlacedReason> nodes;
  for (const PlacedNode& n : result.nodes) nodes.push_back({n.name, n.op, n.reason, n.source, n.on});
  return heading("Where and why", style) + reason_table(nodes, style);
}

}  // namespace

std::string text_placement(const CheckResult& given, const TextStyle& style,
                           const std::vector<NextCommand>& next) {
  const CheckResult result = printable(given);
  const std::vector<Segment> segments = segments_of(result);
  std::string text =
      wrapped(result.name + " on " + result.machine + ", policy " + result.policy, style.width) +
      identity_text(result.identity, result.making, style.width) + "\n" + heading("Totals", style) +
      totals(result, segments, style) + "\n";
  if (segments.size() > 1) text += heading("Segments", style) + segment_table(segments, style) + "\n";
  text += style.all_nodes ? row_a_node(result, style) : where_and_why(result, style);
  text += lines_under("Of the file", result.notes, style);
  if (const std::string advice = advice_list(result.advice, 0, style); !advice.empty()) text += "\n" + advice;
  if (!next.empty()) text += "\n" + heading("What next", style);
  for (const NextCommand& command : next) text += next_text(command, style.width);
  return text;
}

}  // namespace bpusim
