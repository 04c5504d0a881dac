#include "stemma/base/fields.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "stemma/base/check.h"

namespace stemma {

static size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = std::min(std::max<size_t>(2, name.size() / 3) + 1, name.size());  // some of it stays
  for (const auto& candidate : known) {
    // A name typed without its beginning or end ("layer" for "decoder_layers") is near as well.
    const bool part = name.size() >= 4 && candidate.find(name) != std::string::npos;
    const size_t distance = part ? 1 : edit_distance(name, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  if (const auto near = nearest(name, known); !near.empty()) return str(" (did you mean '", near, "'?)");
  constexpr size_t most = 12;
  std::string all;
  for (size_t i = 0; i < std::min(known.size(), most); ++i) all += str(i ? ", " : "", known[i]);
  if (known.size() > most) all += ", ...";
  return str(" (known: ", all, ")");
}

}  // namespace stemma
