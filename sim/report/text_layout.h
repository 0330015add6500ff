// Text in the width that its reader has: counted in columns of a terminal, cut and wrapped.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bpusim {

/// A width that nothing is cut or wrapped for.
constexpr std::size_t kAnyWidth = static_cast<std::size_t>(-1);

/// Columns that a terminal shows the text in: 2 a wide character, none a combining one. UTF-8, as printable()
/// gives it.
std::size_t width_of(const std::string& text);

/// The text, or where it is wider than `width` columns its two ends with "…" between.
std::string elided(const std::string& text, std::size_t width = 40);

/// The words in lines of at most `width` columns. A word that is wider is cut; a number keeps its unit.
std::vector<std::string> wrapped_lines(const std::string& text, std::size_t width);

/// The same as lines that end in "\n", of at most `width` columns: the first begins with `lead`, the others
/// are indented by `hang` columns, or as far as the lead reaches. An indentation leaves room for 16 columns.
std::string wrapped(const std::string& text, std::size_t width, const std::string& lead, std::size_t hang);
std::string wrapped(const std::string& text, std::size_t width, const std::string& lead = "");

}  // namespace bpusim
