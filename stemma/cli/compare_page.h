// The page of a comparison: a table, curves of the score, and where the best one errs. Drawn from what compare.json
// holds (tasks/comparison_grid.h, Comparison, with "command").
#pragma once
#include <string>

#include "stemma/base/json.h"

namespace stemma {

std::string compare_page(const Json& comparison);

}  // namespace stemma
