#include "stemma/tasks/class_tables.h"

#include <algorithm>

#include "stemma/base/numbers.h"

namespace stemma {

ReportTable class_table(const ClassScores& scores, const std::string& title, const std::string& what,
                        const std::string& counted) {
  ReportTable table{title, {what, "precision", "recall", "F1", counted}, {}};
  const auto add = [&](const ClassScore& s) {
    table.rows.push_back({s.label, percent(s.precision), percent(s.recall), percent(s.f1), str(s.support)});
  };
  for (const auto& s : scores.classes) add(s);
  add(scores.micro), add(scores.macro), add(scores.weighted);
  return table;
}

static ReportTable frequent_confusions(const ClassificationScore& s, const std::string& what) {
  constexpr size_t shown = 10;
  struct Confusion {
    int64_t count;
    size_t truth, answer;
  };
  std::vector<Confusion> all;
  for (size_t i = 0; i < s.labels.size(); ++i)
    for (size_t j = 0; j < s.labels.size(); ++j)
      if (i != j && s.confusion[i][j] > 0) all.push_back({s.confusion[i][j], i, j});
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  all.resize(std::min(all.size(), shown));
  ReportTable table{"most frequent confusions", {what, "taken for", "times"}, {}};
  for (const auto& c : all) table.rows.push_back({s.labels[c.truth], s.labels[c.answer], str(c.count)});
  return table;
}

ReportTable confusion_table(const ClassificationScore& s, const std::string& what, size_t most_classes) {
  if (s.labels.size() > most_classes) return frequent_confusions(s, what);
  ReportTable table{confusions_title, {str(what, ", answered as")}, {}};
  table.header.insert(table.header.end(), s.labels.begin(), s.labels.end());
  for (size_t i = 0; i < s.labels.size(); ++i) {
    auto& row = table.rows.emplace_back(1, s.labels[i]);
    for (const int64_t n : s.confusion[i]) row.push_back(str(n));
  }
  return table;
}

}  // namespace stemma
