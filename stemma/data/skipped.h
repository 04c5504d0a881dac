// What a reader passed over: how often, and where the first one was. A report is a struct of these with FIELDS.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"

namespace stemma {

struct Skipped {
  int64_t count = 0;
  std::string first;  // "train.tsv:12", or the id of a question
  FIELDS(count, first)
  void add(std::string_view where) {
    if (count++ == 0) first = where;
  }
};

// A line for each member of type Skipped that is not 0: "  12 empty, the first: train.tsv:12".
template <HasFields Report>
std::string describe_skipped(const Report& report) {
  std::string out;
  each_field(report, [&](std::string_view name, const auto& member) {
    if constexpr (std::is_same_v<std::decay_t<decltype(member)>, Skipped>) {
      if (member.count == 0) return;
      std::string what(name);
      std::replace(what.begin(), what.end(), '_', ' ');
      out += str("  ", member.count, " ", what, ", the first: ", member.first, "\n");
    }
  });
  return out;
}

}  // namespace stemma
