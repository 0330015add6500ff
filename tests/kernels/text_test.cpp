#include "kernels/tensor/text.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bpusim {
namespace {

Attributes attributes(const std::string& action, bool sensitive, std::vector<std::string> stop) {
  Attributes a;
  a.strings["case_change_action"] = action;
  a.ints["is_case_sensitive"] = sensitive;
  a.string_lists["stopwords"] = std::move(stop);
  return a;
}

using Words = std::vector<std::string>;

TEST(StringNormalizer, StopWordsAndCase) {
  const StringTensor input{{4}, {"monday", "Tuesday", "wednesday", "MONDAY"}};
  EXPECT_EQ(normalise_strings(input, attributes("UPPER", true, {"monday"})).values,
            (Words{"TUESDAY", "WEDNESDAY", "MONDAY"}));
  EXPECT_EQ(normalise_strings(input, attributes("LOWER", false, {"Monday"})).values,
            (Words{"tuesday", "wednesday"}));
  EXPECT_EQ(normalise_strings(input, attributes("NONE", true, {})).values, input.values);
}

TEST(StringNormalizer, OneEmptyStringIsLeftOfStopWordsOnly) {
  const StringTensor out = normalise_strings({{1, 2}, {"a", "a"}}, attributes("NONE", true, {"a"}));
  EXPECT_EQ(out.values, Words{""});
  EXPECT_EQ(out.shape, (Shape{1, 1}));
}

TEST(StringNormalizer, BeyondAscii) {
  EXPECT_EQ(change_case("grüße άλφα жизнь", true, "en_US"), "GRÜßE ΆΛΦΑ ЖИЗНЬ");  // simple mapping keeps ß
  EXPECT_EQ(change_case("ÄÖÜ", false, ""), "äöü");
  EXPECT_EQ(change_case("\xFF\x80 a", true, ""), "\xFF\x80 A");  // no UTF-8: left alone
}

TEST(StringNormalizer, RefusesOtherShapesAndActions) {
  EXPECT_THROW(normalise_strings({{2, 1}, {"a", "b"}}, {}), std::invalid_argument);
  EXPECT_THROW(normalise_strings({{1}, {"a"}}, attributes("TITLE", true, {})), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
