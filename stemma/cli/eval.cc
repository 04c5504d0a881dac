// stemma eval: how well a model does on a test set, alone or against another.
#include <cstdio>

#include "stemma/cli/commands.h"
#include "stemma/cli/comparison.h"
#include "stemma/cli/decode_arguments.h"
#include "stemma/cli/terminal.h"
#include "stemma/data/parallel_text.h"
#include "stemma/metrics/score.h"
#include "stemma/tasks/evaluation.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma eval runs/de-en --source test.de --target test.en\n"
    "  stemma eval runs/de-en --source test.de --target test.en --beam 1 --json\n"
    "  stemma eval runs/better --compare runs/base --source test.de --target test.en\n";

struct Arguments {
  std::string directory, compare, tokenize, hypotheses;
  ParallelFiles files;
  bool json = false;
  DecodeArguments decode;
  Machine machine;
};

struct Texts {
  std::vector<std::string> source, target;
};
Texts read_texts(const ParallelFiles& files) {
  Texts out;
  ParallelReader reader(files);
  for (TextPair pair; reader.next(pair);)
    out.source.push_back(std::move(pair.source)), out.target.push_back(std::move(pair.target));
  return out;
}

std::string text_of(const Evaluation& e) {
  Table table({"measure", "", ""});
  table.add({"BLEU", fixed(e.bleu, 2), e.bleu_signature});
  table.add({"chrF", fixed(e.chrf, 2), e.chrf_signature});
  table.add({"perplexity", fixed(e.perplexity, 3), "of the references"});
  table.add({"tokens/s", fixed(e.tokens_per_second, 0), "of the translations"});
  table.add({"ms/sentence", fixed(e.ms_per_sentence, 2), str(with_commas(e.sentences), " sentences")});
  Table lengths({"source length", "sentences", "BLEU"});
  for (const auto& b : e.by_length) lengths.add({b.range, with_commas(b.sentences), fixed(b.bleu, 2)});
  return table.text() + "\n" + lengths.text();
}

}  // namespace

int eval_translate_command(const Words& words) {
  Arguments a;
  CommandLine line("eval",
                   "Translates a test set and measures: BLEU and chrF as sacreBLEU counts them, perplexity of the "
                   "references, speed, BLEU by length.",
                   examples);
  line.option("directory", a.directory, "the model directory").required();
  line.option("--source", a.files.source, "the test set; without --target a TSV with both").required();
  line.option("--target", a.files.target, "its translation, line by line");
  line.option("--tokenize", a.tokenize, "of BLEU; default: zh for Chinese, else 13a");
  line.option("--compare", a.compare, "another model: is the difference more than luck?");
  line.option("--hypotheses", a.hypotheses, "write the translations to this file");
  line.flag("--json", a.json, "one object");
  a.decode.declare(line, DecodeArguments::search);
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope machine(a.machine);

  const auto system = Translator::load(a.directory);
  const auto texts = read_texts(a.files);
  const auto options = a.decode.options(line, system);
  const auto result = evaluate(system, texts.source, texts.target, options, a.tokenize);
  if (!a.hypotheses.empty()) {
    std::string text;
    for (const auto& h : result.hypotheses) text += h + "\n";
    write_file(a.hypotheses, text);
  }
  Json json = to_json(result.scores);
  std::string text = text_of(result.scores);
  if (!a.compare.empty()) {
    const auto other = Translator::load(a.compare);
    const auto base = other.best(texts.source, a.decode.options(line, other));
    const std::string split = a.tokenize.empty() ? bleu_tokenizer(texts.target) : a.tokenize;
    const auto metric = make_metric("bleu", Json::object({{"tokenize", split}}));
    const Compared compared{a.compare, a.directory, compare(*metric, base, result.hypotheses, {texts.target})};
    json["comparison"] = to_json(compared.result), text += "\n" + compared.text("BLEU");
  }
  std::fputs(a.json ? (json.dump() + "\n").c_str() : text.c_str(), stdout);
  return 0;
}

}  // namespace stemma
