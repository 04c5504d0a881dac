// Two systems side by side, as `eval --compare` and `score` with two --hyp show them.
#pragma once
#include <string>
#include <vector>

#include "stemma/metrics/significance.h"

namespace stemma {

using Lines = std::vector<std::string>;
struct Compared {
  std::string baseline, system;  // their names
  PairedResult result;
  std::string text(const std::string& metric) const;  // a table and the signature
};
// Paired bootstrap; p is 1 when both say the same everywhere.
PairedResult compare(const Metric& metric, const Lines& baseline, const Lines& system,
                     const std::vector<Lines>& references, const Bootstrap& bootstrap = {});

}  // namespace stemma
