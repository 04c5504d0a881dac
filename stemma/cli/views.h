// What the demo and `show` draw of a system: the same pieces for the terminal and for the page (report.h).
#pragma once
#include <string>

#include "stemma/base/json.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/translator.h"

namespace stemma {

// "examples" entry of a report.
Json example_of(const Explanation& explanation, const std::string& reference);
// "curve" of a report from DIRECTORY/training.jsonl, thinned to at most `points`.
Json curve_of(const std::string& directory, int64_t points = 400);
// The tree of modules, and the curves as sparklines.
std::string tree_text(const Params& params, const std::string& model);
std::string curves_text(const Json& curve);
// "tree" of a report.
Json tree_of(const Params& params);
// A heat map of where each target word looked: the decoder's attention, or the mean over the heads of the
// Transformer's last cross attention. Empty when the system does not attend.
std::string attention_picture(const Explanation& explanation, const Terminal& terminal);

}  // namespace stemma
