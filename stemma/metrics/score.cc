#include "stemma/metrics/score.h"

#include "stemma/metrics/bleu.h"
#include "stemma/metrics/chrf.h"
#include "stemma/metrics/ter.h"

namespace stemma {

std::unique_ptr<Metric> make_metric(std::string_view name, const Json& options) {
  const std::string where(name);
  if (name == "bleu") return std::make_unique<Bleu>(from_json<BleuOptions>(options, where));
  if (name == "ter") return std::make_unique<Ter>(from_json<TerOptions>(options, where));
  check(name == "chrf" || name == "chrf++", "no metric '", name, "'",
        suggestion(name, {"bleu", "chrf", "chrf++", "ter"}));
  ChrfOptions chrf{.word_order = name == "chrf++" ? 2 : 0};
  read(options, chrf, where);
  return std::make_unique<Chrf>(chrf);
}

Score score(std::string_view metric, const std::vector<std::string>& hypotheses,
            const std::vector<std::vector<std::string>>& references, const Json& options) {
  const std::unique_ptr<Metric> chosen = make_metric(metric, options);
  const MetricCounts sum = sum_counts(count_sentences(*chosen, hypotheses, references));
  return {chosen->name(), chosen->score(sum), signature(*chosen, references.size()), chosen->details(sum)};
}

std::string format(const Score& score, int digits) {
  const Json* verbose = score.details.find("verbose_score");
  return str(score.name, "|", score.signature, " = ", fixed_decimals(score.score, digits),
             verbose ? " " + verbose->text() : "");
}

}  // namespace stemma
