// Tables and lines in a width: which columns stay, what is cut, where lines break.
#include "sim/report/text_table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bpusim {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(TextLayout, WidthsAreColumnsOfATerminal) {
  EXPECT_EQ(width_of("abc"), 3U);
  EXPECT_EQ(width_of("é…"), 2U);
  EXPECT_EQ(width_of("卷积"), 4U);     // wide characters
  EXPECT_EQ(width_of("e\u0301"), 1U);  // a combining accent
  EXPECT_EQ(width_of("\U0001F600"), 2U);
}

TEST(TextLayout, LongTextsLoseTheirMiddle) {
  EXPECT_EQ(elided("short"), "short");
  // 40 less the dots: 19 from the front and 20 from the back.
  EXPECT_EQ(elided(std::string(30, 'a') + std::string(30, 'b')),
            std::string(19, 'a') + "…" + std::string(20, 'b'));
  EXPECT_EQ(elided("ééééé", 5), "ééééé");
  EXPECT_EQ(elided("ééééé", 3), "é…é");
  // A wide character that has no room goes whole.
  EXPECT_EQ(elided("卷积卷积", 4), "…积");
  EXPECT_EQ(elided("abc", 1), "…");
}

TEST(TextLayout, LinesBreakBetweenWords) {
  EXPECT_EQ(wrapped("one two three", kAnyWidth), "one two three\n");
  EXPECT_EQ(wrapped("one two three", 16, "- "), "- one two three\n");
  EXPECT_EQ(wrapped("one two three four five", 20, "  a ", 6), "  a one two three\n      four five\n");
  EXPECT_EQ(wrapped("", 20), "\n");
  // A lead that is longer than the hang leaves the first line less room.
  EXPECT_EQ(wrapped("one two three four five six", 30, "123456789 ", 2),
            "123456789 one two three four\n  five six\n");
}

TEST(TextLayout, NumbersKeepTheirUnits) {
  EXPECT_EQ(wrapped_lines("it takes about 28.5 %, that is", 19),
            (std::vector<std::string>{"it takes about", "28.5 %, that is"}));
  EXPECT_EQ(wrapped_lines("it takes about 28.5 of them", 19),
            (std::vector<std::string>{"it takes about 28.5", "of them"}));
}

TEST(TextLayout, WordsWiderThanTheLineAreCut) {
  const std::vector<std::string> lines = wrapped_lines("a " + std::string(45, 'x') + " b", 20);
  EXPECT_EQ(lines, (std::vector<std::string>{"a", std::string(20, 'x'), std::string(20, 'x'), "xxxxx b"}));
  EXPECT_EQ(wrapped_lines("卷积卷积卷", 4), (std::vector<std::string>{"卷积", "卷积", "卷"}));
}

TEST(TextTable, IsAsWideAsItsCellsWithoutAWidth) {
  TextTable table({"Node", "ms>"});
  table.add({"a", "1.25"});
  table.add({std::string(60, 'n'), "10.5"});
  EXPECT_EQ(table.str(), "Node" + std::string(56, ' ') + "    ms\n" + std::string(60, '-') + "  ----\n" +
                             "a" + std::string(59, ' ') + "  1.25\n" + std::string(60, 'n') + "  10.5\n");
}

TextTable ranked_table() {
  TextTable table({TextColumn("Node").elided(10), TextColumn("Second>").ranked(2),
                   TextColumn("First>").ranked(1), TextColumn("Third").ranked(3)});
  table.add({"a_name_of_twenty_two__", "1", "2", "xxxxxxxxxxxx"});
  return table;
}

// Names are cut for what is of rank 1, and for nothing else.
TEST(TextTable, ColumnsGoByTheirRank) {
  EXPECT_EQ(lines_of(ranked_table().str(20))[0], "Node           First");
  EXPECT_EQ(lines_of(ranked_table().str(16))[0], "Node");
  // The third does not fit beside the whole name and the second.
  EXPECT_EQ(lines_of(ranked_table().str(40))[0], "Node                    Second  First");
  EXPECT_EQ(lines_of(ranked_table().str(60))[0], "Node                    Second  First  Third");
}

TEST(TextTable, CutNamesTakeTheRoomThatIsLeft) {
  EXPECT_EQ(lines_of(ranked_table().str(20))[2], "a_name…_two__      2");
  EXPECT_EQ(lines_of(ranked_table().str(27))[2], "a_name_of…enty_two__      2");
  EXPECT_EQ(lines_of(ranked_table().str(60))[2], "a_name_of_twenty_two__       1      2  xxxxxxxxxxxx");
}

TEST(TextTable, NamesWithEnoughLeaveRoomToOtherColumns) {
  TextTable table({TextColumn("Node").elided(4, 8), TextColumn("More").ranked(2)});
  table.add({"0123456789", "1"});
  EXPECT_EQ(lines_of(table.str(13))[2], "0123456789");
  EXPECT_EQ(lines_of(table.str(14))[2], "012…6789  1");
  EXPECT_EQ(lines_of(table.str(16))[2], "0123456789  1");
}

TEST(TextTable, ColumnsThatSayNothingGo) {
  TextTable table({"Node", TextColumn("Bound").unless_all(""), TextColumn("Type").unless_all("int8"),
                   TextColumn("Kept").unless_all("int8")});
  table.add({"a", "-", "int8", "int8"});
  table.add({"b", "", "int8", "int16"});
  EXPECT_EQ(lines_of(table.str())[0], "Node  Kept");
  EXPECT_EQ(lines_of(table.str(80))[0], "Node  Kept");
}

TEST(TextTable, LongReasonsGoOnBelow) {
  TextTable table({"ON", TextColumn("Why").wrapped(12), "Count>"});
  table.add({"CPU", "no operator of the BPU does it", "3"}, kYellow);
  const std::vector<std::string> lines = lines_of(table.str(30));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[2], std::string(kYellow) + "CPU  no operator of the      3" + kPlain);
  EXPECT_EQ(lines[3], std::string(kYellow) + "     BPU does it" + kPlain);
}

TEST(TextTable, ARowOfTheWrongLengthIsAMistakeOfTheProgram) {
  TextTable table({"a", "b"});
  EXPECT_THROW(table.add({"1"}), std::logic_error);
}

}  // namespace
}  // namespace bpusim
