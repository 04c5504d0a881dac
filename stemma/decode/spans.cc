#include "stemma/decode/spans.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stemma/base/check.h"

namespace stemma {

static constexpr double nothing = -std::numeric_limits<double>::infinity();

static bool before(const AnswerSpan& a, const AnswerSpan& b) {
  return a.score != b.score ? a.score > b.score : a.first != b.first ? a.first < b.first : a.last < b.last;
}

// Calls f(span) for each legal span of more than no score.
template <class F>
static void each_span(std::span<const float> start, std::span<const float> end, int64_t longest, F&& f) {
  const auto n = int64_t(start.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n && j - i < longest; ++j)
      if (const double score = double(start[size_t(i)]) + double(end[size_t(j)]); score != nothing)
        f(AnswerSpan{.first = i, .last = j, .score = score});
}

AnswerSpans best_spans(std::span<const float> start, std::span<const float> end, const SpanSearch& how) {
  check(start.size() == end.size(), "best_spans: ", start.size(), " start scores beside ", end.size(), " end scores");
  check(how.longest > 0 && how.best > 0, "best_spans: longest ", how.longest, " and best ", how.best,
        " must be positive");
  for (size_t i = 0; i < start.size(); ++i)
    check(start[i] < INFINITY && end[i] < INFINITY, "best_spans: a score of row ", i, " is not a number");
  AnswerSpans out;
  each_span(start, end, how.longest, [&](const AnswerSpan& span) {  // a heap whose top is the worst that is kept
    const bool full = int64_t(out.best.size()) == how.best;
    if (full && !before(span, out.best.front())) return;
    if (full) std::pop_heap(out.best.begin(), out.best.end(), before), out.best.pop_back();
    out.best.push_back(span);
    std::push_heap(out.best.begin(), out.best.end(), before);
  });
  std::sort_heap(out.best.begin(), out.best.end(), before);
  const double best = out.best.empty() ? nothing : out.best[0].score, none = how.no_answer.value_or(nothing);
  const double most = std::max(best, none);
  out.no_answer_margin = how.no_answer ? none - best : nothing;
  if (most == nothing) return out;
  double total = std::exp(none - most);
  each_span(start, end, how.longest, [&](const AnswerSpan& span) { total += std::exp(span.score - most); });
  for (auto& span : out.best) span.probability = std::exp(span.score - most) / total;
  out.no_answer = std::exp(none - most) / total;
  return out;
}

}  // namespace stemma
