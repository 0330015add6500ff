// Documents from JSON that was written before: by bpusim, and perhaps changed by hand since.
#pragma once

#include <string>

#include "sim/report/document.h"

namespace bpusim {

/// The document in a JSON text, which has to be one of the same command and schema as `shape`, with every key
/// that it has and no other. `file` names it in messages. Throws InputError with file and place (line and
/// column, or the path of the key) where the text is no JSON, is of something else, or holds what the key
/// does not take.
Document read_document(const std::string& text, const std::string& file, const Document& shape);

}  // namespace bpusim
