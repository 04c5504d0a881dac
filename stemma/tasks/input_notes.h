// What is said of inputs, whatever the task: how an Error names one, how many were cut.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

// The beginning of an input, in quotes.
std::string in_quotes(const std::string& input);
// How many of the inputs that a model reads as `x` are cut.
template <class Rows>
int64_t count_cut(const Rows& x) {
  int64_t cut = 0;
  for (int64_t i = 0; i < x.size(); ++i) cut += x.is_cut(i);
  return cut;
}
// describe_cut, in the notes of a report whose examples are counted.
void note_cut(TaskReport& report, int64_t cut);

}  // namespace stemma
