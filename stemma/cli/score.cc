// stemma score: BLEU, chrF or TER of translations, as sacreBLEU counts.
#include "stemma/metrics/score.h"

#include <cstdio>

#include "stemma/cli/commands.h"
#include "stemma/cli/comparison.h"
#include "stemma/cli/input.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma score bleu --ref test.en < out.en\n"
    "  stemma score bleu --ref test.zh --tokenize zh --json < out.zh\n"
    "  stemma score chrf++ --ref a.en --ref b.en --hyp out.en           # two references\n"
    "  stemma score bleu --ref test.en --hyp base.en --hyp better.en    # is the difference luck?\n";

struct Arguments {
  std::string metric, tokenize;
  std::vector<std::string> hypotheses, references, set;
  bool lowercase = false, json = false;
  int64_t samples = 1000, seed = 12345;
};

Json options_of(const Arguments& a) {
  Json out{Json::Object{}};
  if (!a.tokenize.empty()) out["tokenize"] = a.tokenize;
  if (a.lowercase && a.metric != "ter") out["lowercase"] = true;  // TER ignores case unless told otherwise
  for (const auto& assignment : a.set) {
    const auto equals = assignment.find('=');
    if (equals == assignment.npos) throw UsageError(str("--set wants key=value, not '", assignment, "'"));
    const std::string value = assignment.substr(equals + 1);
    const bool literal = value == "true" || value == "false" || value.find_first_not_of("0123456789.-") == value.npos;
    out[assignment.substr(0, equals)] = literal ? Json::parse(value, "--set") : Json(value);
  }
  return out;
}

}  // namespace

int score_command(const Words& words) {
  Arguments a;
  CommandLine line("score",
                   "Scores translations against references, line by line. Two --hyp are compared by paired "
                   "bootstrap resampling (Koehn 2004).",
                   examples);
  line.option("metric", a.metric, "bleu, chrf, chrf++ or ter").required();
  line.option("--ref", a.references, "a reference; may be repeated").required();
  line.option("--hyp", a.hypotheses, "what is scored; none: standard input; two: compare");
  line.option("--tokenize", a.tokenize, "of BLEU: 13a (default), zh, char, intl or none");
  line.flag("--lowercase", a.lowercase, "ignore case");
  line.option("--set", a.set, "KEY=VALUE: any other option of the metric, such as smooth_method=floor");
  line.option("--samples", a.samples, "of the bootstrap");
  line.option("--seed", a.seed, "of the bootstrap");
  line.flag("--json", a.json, "one object: score, signature, details");
  if (!line.parse(words)) return 0;
  if (a.hypotheses.size() > 2) throw UsageError("score: at most two --hyp");
  if (a.hypotheses.empty()) a.hypotheses = {"-"};

  const Json options = options_of(a);
  const auto metric = make_metric(a.metric, options);  // an unknown one is told before anything is read
  std::vector<std::vector<std::string>> references;
  for (const auto& path : a.references) references.push_back(read_lines(path));
  const auto hypotheses = read_lines(a.hypotheses[0]);
  if (a.hypotheses.size() == 2) {
    const Bootstrap bootstrap{.samples = a.samples, .seed = uint64_t(a.seed)};
    const auto result = compare(*metric, hypotheses, read_lines(a.hypotheses[1]), references, bootstrap);
    const Compared compared{a.hypotheses[0], a.hypotheses[1], result};
    std::fputs((a.json ? to_json(result).dump() + "\n" : compared.text(metric->name())).c_str(), stdout);
    return 0;
  }
  const Score result = score(a.metric, hypotheses, references, options);
  std::puts(a.json ? to_json(result).dump().c_str() : format(result).c_str());
  return 0;
}

}  // namespace stemma
