// Lines of text that a command reads: valid UTF-8 or one clear error.
#pragma once
#include <string>
#include <vector>

#include "stemma/base/files.h"

namespace stemma {

// Up to `n` further lines; empty at the end. Error "test.de:3: not valid UTF-8 at byte 7".
std::vector<std::string> next_lines(LineReader& reader, int64_t n);
// All of a file, "-" for standard input. Error also when there are none.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace stemma
