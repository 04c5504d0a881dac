// The page of `stemma eval --html`: the measures, which label is taken for which, whether probabilities can be trusted.
#pragma once
#include <string>

#include "stemma/tasks/text_task.h"

namespace stemma {

std::string eval_page(const std::string& title, const TaskReport& report);

}  // namespace stemma
