// An option that is one of a few words.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"

namespace stemma {

// Error "norm: unknown value 'past' (did you mean 'post'?)".
inline void check_choice(std::string_view field, const std::string& value, const std::vector<std::string>& known) {
  check(std::find(known.begin(), known.end(), value) != known.end(), field, ": unknown value '", value, "'",
        suggestion(value, known));
}

}  // namespace stemma
