// The page of `stemma eval --html`: the measures, which label is taken for which, whether probabilities can be trusted.
#pragma once
#include <string>

#include "stemma/tasks/text_task.h"

namespace stemma {

std::string eval_page(const std::string& title, const TaskReport& report);
// What was odd in the file, each as a sentence without its full stop: "2 empty, the first: test.tsv:3".
std::vector<std::string> notes_of(const TaskReport& report);

}  // namespace stemma
