#include "stemma/bench/breakdown.h"

#include <algorithm>

#include "stemma/base/files.h"

namespace stemma {

namespace {

Json row_of(const ProfileLine& line, double steps, double whole) {
  Json row = Json::object({{"where", line.path},
                           {"calls", double(line.calls) / steps},
                           {"ms", 1e3 * line.own / steps},
                           {"share %", 100 * line.own / whole}});
  row["GFLOP/s"] = line.cost.flops > 0 ? Json(1e-9 * line.cost.flops / line.own) : Json("");
  row["GB/s"] = line.cost.bytes > 0 ? Json(1e-9 * line.cost.bytes / line.own) : Json("");
  return row;
}

bool longer(const ProfileLine& a, const ProfileLine& b) { return a.own > b.own; }

void add_lines(BenchRows& out, std::vector<ProfileLine> lines, double steps) {
  double whole = 0;
  for (const auto& line : lines) whole += line.own;
  std::sort(lines.begin(), lines.end(), longer);
  for (const auto& line : lines)
    if (line.own > 0.001 * whole) out.push_back(row_of(line, steps, whole));
}

}  // namespace

Breakdown break_down(const std::vector<ProfileEvent>& events, double steps, double best, const BenchOptions& options) {
  if (!options.trace.empty()) write_file(options.trace, chrome_trace(events));
  Breakdown out;
  add_lines(out.rows, summary(events), steps);
  auto lines = summary(events, Sizes::apart);
  std::sort(lines.begin(), lines.end(), longer);
  for (const auto& line : lines) {
    if (line.cost.flops == 0) continue;
    out.gflop += 1e-9 * line.cost.flops / steps;
    const double rate = 1e-9 * line.cost.flops / line.own;
    out.rows.push_back(Json::object({{"product", line.path},
                                     {"calls", double(line.calls) / steps},
                                     {"ms", 1e3 * line.own / steps},
                                     {"GFLOP/s", rate},
                                     {"% of best", 100 * rate / best}}));
  }
  return out;
}

}  // namespace stemma
