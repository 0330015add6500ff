// StringNormalizer: stop words and case, over UTF-8 text.
#pragma once

#include <string>
#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Upper or lower case of UTF-8 text, character by character, in the named locale where it is installed, else
/// by Unicode's simple mapping (the C.UTF-8 locale), else for ASCII only. Bytes that are no UTF-8 stay as
/// they are.
std::string change_case(const std::string& text, bool upper, const std::string& locale);

/// ONNX StringNormalizer on a tensor of shape [C] or [1, C]: attributes case_change_action (NONE, LOWER,
/// UPPER), is_case_sensitive, stopwords, locale. Where every word is a stop word one empty string is left.
/// Throws std::invalid_argument for other shapes and unknown actions.
StringTensor normalise_strings(const StringTensor& input, const Attributes& attributes);

}  // namespace bpusim
