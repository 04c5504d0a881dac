#include "stemma/cli/gradient_view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "stemma/cli/terminal.h"

namespace stemma {

void GradientArguments::declare(CommandLine& line, const std::string& text_about) {
  line.flag("--gradients", shown, "the gradient's norm by distance from the loss, over --text");
  line.option("--text", text, text_about);
  line.option("--distance", places.distance, "tokens back, for --gradients");
  line.option("--windows", places.windows, "how many places of the text, or texts, for --gradients");
}

void GradientArguments::validate() const {
  if (shown && text.empty()) throw UsageError("--gradients needs --text");
  if (places.distance < 1 || places.windows < 1) throw UsageError("--distance, --windows: must be at least 1");
}

std::string flow_text(const std::string& name, const GradientFlow& flow) {
  const auto logarithm = [](double x) { return std::log10(std::max(x, 1e-30)); };
  double low = 0, high = -30;
  for (const double n : flow.norm) low = std::min(low, logarithm(n)), high = std::max(high, logarithm(n));
  low = std::max(low, high - 12);
  Table table({"tokens back", "gradient norm", "clipped", "each █ a tenth of the range, on a logarithmic scale"});
  for (size_t k = 0; k < flow.norm.size(); k = k < 8 ? k + 1 : k + k / 4) {
    std::string bar;
    const double share = (logarithm(flow.norm[k]) - low) / std::max(high - low, 1e-9);
    for (int64_t i = 0; i < std::llround(10 * share); ++i) bar += "█";
    char norm[32], clipped[32];
    std::snprintf(norm, sizeof norm, "%.3g", flow.norm[k]);
    std::snprintf(clipped, sizeof clipped, "%.3g", flow.clipped[k]);
    table.add({str(k), norm, clipped, bar});
  }
  return str("\n", name, ": × ", fixed(flow.per_step, 3), " for each token further back",
             flow.per_step < 1 && flow.per_step > 0
                 ? str(", halved every ", fixed(std::log(0.5) / std::log(flow.per_step), 1), " tokens")
                 : "",
             "; clipping cuts ", fixed(100 * flow.clipped_share, 0), " % of the windows\n", table.text());
}

}  // namespace stemma
