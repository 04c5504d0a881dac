#include "stemma/tasks/input_notes.h"

#include "stemma/text/unicode.h"

namespace stemma {

std::string in_quotes(const std::string& input) {
  constexpr int64_t most = 80;  // columns
  return str("'", display_width(input) > most ? fit_width(input, most) : input, "'");
}

void note_cut(TaskReport& report, int64_t cut) {
  if (cut) report.notes += str("  ", describe_cut(cut, report.examples), "\n");
}

}  // namespace stemma
