// The one entry to the metrics of translations, by name: what `stemma score bleu|chrf|ter` prints.
#pragma once
#include <memory>

#include "stemma/metrics/metric.h"

namespace stemma {

struct Score {
  std::string name;  // "BLEU", "chrF2++", "TER"
  double score = 0;
  std::string signature;
  Json details;  // an object; see BleuScore, ChrfOptions, Ter
  FIELDS(name, score, signature, details)
};

// "bleu", "chrf", "chrf++" (chrf with word_order 2) or "ter". `options` is an object with fields of BleuOptions,
// ChrfOptions or TerOptions. Error naming the nearest for an unknown metric or option.
std::unique_ptr<Metric> make_metric(std::string_view name, const Json& options = Json::Object{});

// references[r][line]: one or more translations of the whole. Errors as `count_sentences`.
Score score(std::string_view metric, const std::vector<std::string>& hypotheses,
            const std::vector<std::vector<std::string>>& references, const Json& options = Json::Object{});

// As sacreBLEU prints it:
// "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:stemma-0.1.0 = 66.87 83.3/80.0/... (BP = 1.000 ...)"
std::string format(const Score& score, int digits = 2);

}  // namespace stemma
