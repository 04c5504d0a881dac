// What is said of inputs, whatever the task: how an Error names one, how many were cut.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

// The beginning of an input, in quotes.
std::string in_quotes(const std::string& input);
// describe_cut, in the notes of a report whose examples are counted.
void note_cut(TaskReport& report, int64_t cut);

}  // namespace stemma
