// stemma train vectors: from text to word vectors. Here are the words on the screen; the work is in
// tasks/vector_training.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "stemma/base/json.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/vector_training.h"

namespace stemma {

namespace {

struct Arguments {
  VectorRequest request;
  std::string ngrams;
  int64_t dimension, window, negatives, min_count, epochs, buckets, seed = 1;
  bool json = false;
  Machine machine;

  Arguments() {
    const VectorOptions& o = request.recipe.vectors;
    dimension = o.dimension, window = o.window, negatives = o.negatives, min_count = o.min_count, epochs = o.epochs;
    buckets = o.buckets;
  }
};

constexpr const char* examples =
    "  stemma train vectors --model skipgram --corpus text.txt.gz --out v\n"
    "  stemma train vectors --model cbow --corpus text.txt --out v --ngrams 3-6      # with sub-words, as fastText\n"
    "  stemma train vectors --corpus zh.txt --words dictionary --out zh              # Chinese words by ICU\n"
    "  zcat *.gz | stemma train vectors --corpus - --lower --phrases 2 --out v       # new_york is one word\n"
    "  stemma train vectors --corpus more.txt --from v --out w                       # go on with new text\n";

int32_t narrow(const char* name, int64_t value) {
  if (value < 0 || value > INT32_MAX) throw UsageError(str(name, ": ", value, " is out of range"));
  return int32_t(value);
}

void read_ngrams(const std::string& text, VectorOptions& o) {
  if (text.empty()) return;
  const size_t dash = text.find('-');
  const auto number = [&](std::string_view digits) {
    int32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < 1)
      throw UsageError(str("--ngrams wants lengths such as 3-6, not '", text, "'"));
    return value;
  };
  o.min_ngram = number(std::string_view(text).substr(0, dash));
  o.max_ngram = dash == text.npos ? o.min_ngram : number(std::string_view(text).substr(dash + 1));
}

// What the command line keeps in its own way goes into the recipe. UsageError where something is out of range.
void complete(Arguments& a) {
  VectorRecipe& recipe = a.request.recipe;
  VectorOptions& o = recipe.vectors;
  o.dimension = narrow("--dimension", a.dimension), o.window = narrow("--window", a.window);
  o.negatives = narrow("--negatives", a.negatives), o.min_count = narrow("--min-count", a.min_count);
  o.epochs = narrow("--epochs", a.epochs), o.buckets = narrow("--buckets", a.buckets);
  recipe.seed = uint64_t(narrow("--seed", a.seed));
  recipe.deterministic = a.machine.deterministic;
  read_ngrams(a.ngrams, o);
  if (recipe.corpus.phrases < 0 || recipe.corpus.phrases > 10) throw UsageError("--phrases: between 0 and 10 passes");
  if (recipe.corpus.most_words < 1000) throw UsageError("--most-words: at least 1,000");
  if (a.request.save_minutes < 0) throw UsageError(str("--save-minutes: ", a.request.save_minutes, " is negative"));
}

bool parse(const Words& words, Arguments& a) {
  VectorRecipe& recipe = a.request.recipe;
  VectorOptions& o = recipe.vectors;
  CommandLine line("train vectors",
                   "Trains word vectors: CBOW or skip-gram with negative sampling or hierarchical softmax.", examples);
  line.option("--model", o.model, "skipgram or cbow");
  line.option("--corpus", a.request.corpus,
              "text, plain or .gz, a sentence a line; - is standard input; may be repeated")
      .required();
  line.option("--out", a.request.out, "the model directory").required();
  line.option("--loss", o.loss, "negatives (sampled) or tree (hierarchical softmax)");
  line.option("--dimension", a.dimension, "of the vectors");
  line.option("--window", a.window, "words on each side, at most");
  line.option("--negatives", a.negatives, "wrong words for each right one");
  line.option("--min-count", a.min_count, "rarer words are dropped");
  line.option("--epochs", a.epochs, "passes over the text");
  line.option("--subsample", o.subsample, "words of a greater share of the text are dropped at random; 0: none");
  line.option("--rate", o.rate, "of learning at the beginning; 0: 0.05");
  line.option("--ngrams", a.ngrams, "letters of sub-words, such as 3-6; none: words alone");
  line.option("--buckets", a.buckets, "that sub-words are hashed into");
  line.option("--words", recipe.corpus.words,
              "how text parts: spaces, words (marks and letters apart), penn (as the Penn Treebank), dictionary (ICU, "
              "for text without spaces) or characters");
  line.flag("--lower", recipe.corpus.lower, "lower case");
  line.option("--phrases", recipe.corpus.phrases, "passes that join words which keep company, as new_york");
  line.option("--phrase-threshold", recipe.corpus.phrase_threshold, "of the last pass; each earlier one doubles it");
  line.option("--most-words", recipe.corpus.most_words, "different words held while counting");
  line.option("--from", a.request.from, "vectors to go on from, with their further words kept");
  line.flag("--resume", a.request.resume, "go on with the run in --out");
  line.option("--save-minutes", a.request.save_minutes, "between checkpoints");
  line.option("--seed", a.seed, "of first vectors and all draws");
  line.flag("--json", a.json, "one JSON object a line");
  a.machine.declare(line);
  if (!line.parse(words)) return false;
  complete(a);
  return true;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// Words read in all epochs, below which the vectors of different words still look alike.
constexpr int64_t few_words = 5'000'000;

std::string text_of(const VectorPlan& p, const VectorRequest& request) {
  const VectorOptions& o = request.recipe.vectors;
  Table table({"plan", ""});
  table.add({"model", str(o.model, ", ", o.loss == "tree" ? "hierarchical softmax" : str(o.negatives, " negatives"),
                          ", dimension ", o.dimension, ", window ", o.window)});
  table.add({"text", str(with_commas(p.running_words), " running words, ", with_commas(p.different_words), " different",
                         p.phrases ? str(", ", with_commas(p.phrases), " phrases") : "",
                         p.forgotten ? str("; ", with_commas(p.forgotten), " rare ones forgotten") : "")});
  table.add({"vocabulary", str(with_commas(p.words), " words",
                               p.buckets ? str(" and ", with_commas(p.buckets), " buckets of n-grams") : "")});
  table.add({"memory", str(with_commas(p.table_bytes >> 20), " MiB of vectors")});
  table.add({"threads", str(p.threads)});
  table.add({"until", str(o.epochs, " epochs")});
  if (request.from.empty() && p.running_words * o.epochs < few_words)
    table.add({"hint", str("a short text: --epochs ", std::min<int64_t>(100, few_words / p.running_words + 1),
                           " tells its words better apart")});
  return table.text();
}

VectorCallbacks callbacks(const Arguments& a, ProgressBar& bar) {
  const auto json = [](std::string_view key, Json value) {
    print(Json::object({{std::string(key), std::move(value)}}).dump() + "\n");
  };
  return {.reading =
              [&a, &bar](int64_t words) {
                if (!a.json) print(bar.update({.label = "read", .done = words, .unit = "words", .note = ""}));
              },
          .plan = [&a, json](
                      const VectorPlan& p) { a.json ? json("plan", to_json(p)) : print("\n" + text_of(p, a.request)); },
          .progress =
              [&a, &bar, json](const VectorProgress& p) {
                if (a.json) return json("progress", to_json(p));
                print(bar.update({.label = "train",
                                  .done = p.words,
                                  .total = int64_t(double(p.words) / std::max(p.done, 1e-9)),
                                  .seconds = p.seconds,
                                  .unit = "words",
                                  .note = str("loss ", fixed(p.loss, 3), "  rate ", fixed(p.rate, 4))}));
              }};
}

}  // namespace

int train_vectors_command(const Words& words) {
  Arguments a;
  if (!parse(words, a)) return 0;
  const MachineScope machine(a.machine);
  ProgressBar bar(terminal_of(1));
  const auto sum = train_vectors_from_files(a.request, stop_requested(), callbacks(a, bar));
  if (a.json) {
    print(Json::object({{"summary", to_json(sum)}}).dump() + "\n");
  } else if (!sum.finished) {
    print("\nstopped; the same command with --resume goes on\n");
  } else {
    print(str("\ndone: ", with_commas(sum.words), " words in ", clock_time(sum.seconds), ", ",
              in_short(sum.words_per_second), " words/s, loss ", fixed(sum.loss, 3), "; the vectors are in ",
              a.request.out, "\nask them: stemma vectors nearest ", a.request.out, " WORD\n"));
  }
  return 0;
}

}  // namespace stemma
