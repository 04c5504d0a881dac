#include "stemma/cli/comparison.h"

#include "stemma/cli/terminal.h"

namespace stemma {

std::string Compared::text(const std::string& metric) const {
  const auto interval = [](const Confidence& c) { return str(fixed(c.mean, 2), " ± ", fixed(c.half_width, 2)); };
  Table table({"system", metric, "95 %", "p"});
  table.add({baseline, fixed(result.baseline, 2), interval(result.baseline_confidence), ""});
  table.add({system, fixed(result.system, 2), interval(result.system_confidence), fixed(result.p_value, 4)});
  return table.text() + result.signature + "\n";
}

PairedResult compare(const Metric& metric, const Lines& baseline, const Lines& system,
                     const std::vector<Lines>& references, const Bootstrap& bootstrap) {
  PairedResult result = paired_bootstrap(metric, baseline, system, references, bootstrap);
  if (baseline == system) result.p_value = 1;
  return result;
}

}  // namespace stemma
