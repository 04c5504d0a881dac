// BLEU (Papineni et al. 2002), equal to sacreBLEU (Post 2018) to the last digit.
#pragma once
#include "stemma/metrics/metric.h"
#include "stemma/metrics/tokenize.h"

namespace stemma {

struct BleuOptions {
  std::string tokenize = "13a";       // 13a, intl, zh, char or none
  std::string smooth_method = "exp";  // exp, floor, add-k (Chen & Cherry 2014, methods 3, 1 and 2) or none
  double smooth_value = -1;           // of floor and add-k; negative: 0.1 and 1
  bool lowercase = false;
  bool effective_order = false;  // leave out the orders for which a hypothesis is too short: for single sentences
  FIELDS(tokenize, smooth_method, smooth_value, lowercase, effective_order)
};

struct BleuScore {
  double score = 0, bp = 1;  // bp: the brevity penalty
  int64_t sys_len = 0, ref_len = 0;
  std::vector<double> precisions = {};            // in percent, smoothed, of orders 1 to 4
  std::vector<int64_t> counts = {}, totals = {};  // matching and all n-grams, before smoothing
  FIELDS(score, bp, sys_len, ref_len, precisions, counts, totals)

  // "66.7/50.0/25.0/16.7 (BP = 1.000 ratio = 1.000 hyp_len = 6 ref_len = 6)"
  std::string verbose() const;
};

class Bleu : public Metric {
 public:
  explicit Bleu(BleuOptions options = {});
  std::string name() const override { return "BLEU"; }
  std::string options() const override;
  MetricCounts count(std::string_view hypothesis, const std::vector<std::string_view>& references) const override;
  double score(const MetricCounts& sum) const override { return result(sum).score; }
  Json details(const MetricCounts& sum) const override;
  BleuScore result(const MetricCounts& sum) const;

 private:
  BleuOptions options_;
  ScoreTokenizer tokenizer_;
};

BleuScore corpus_bleu(const std::vector<std::string>& hypotheses,
                      const std::vector<std::vector<std::string>>& references, const BleuOptions& options = {});
// With effective order, whatever the options say.
BleuScore sentence_bleu(std::string_view hypothesis, const std::vector<std::string_view>& references,
                        BleuOptions options = {});

}  // namespace stemma
