// stemma demo: the history of machine translation on the embedded Chinese-English corpus. Four systems, oldest first,
// are trained one after the other, compared, and opened up: a table, heat maps, one page.
#include <cmath>
#include <cstdio>
#include <ctime>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/report.h"
#include "stemma/cli/terminal.h"
#include "stemma/cli/views.h"
#include "stemma/metrics/score.h"
#include "stemma/tasks/demo_corpus.h"
#include "stemma/tasks/evaluation.h"
#include "stemma/tasks/translate_training.h"

namespace stemma {

namespace {

struct Chapter {  // one system of the story
  std::string name, directory, about, preset;
  int64_t steps;
  std::vector<std::string> settings;
};

const std::vector<Chapter>& chapters() {
  // What all four have in common: about a million parameters, the same batches, dropout and optimiser.
  static const std::vector<std::string> recurrent = {"embedding=128", "width=192", "encoder_width=128",
                                                     "dropout=0.2",   "rate=4e-3", "schedule=cosine"};
  static const auto with = [](std::vector<std::string> more) {
    more.insert(more.begin(), recurrent.begin(), recurrent.end());
    return more;
  };
  static const std::vector<Chapter> list = {
      {"RNN encoder-decoder", "rnn", "Cho et al. 2014: one vector must hold the whole sentence", "cho2014", 700,
       with({"bidirectional=true"})},
      {"+ Bahdanau attention", "bahdanau", "Bahdanau et al. 2015: look back at the source before each word",
       "bahdanau2015", 700, with({})},
      {"+ Luong attention", "luong", "Luong et al. 2015: step first, then look; the look feeds the next step",
       "luong2015", 800, with({})},
      {"Transformer",
       "transformer",
       "Vaswani et al. 2017: attention alone",
       "transformer-small",
       1600,
       {"width=128", "heads=4", "feed_forward=512", "encoder_layers=2", "decoder_layers=2", "tie=target", "norm=pre",
        "dropout=0.1", "rate=3e-3", "schedule=cosine"}},
  };
  return list;
}

struct Sides {
  std::vector<std::string> source, target;
};
Sides sides(const DemoCorpus::Pairs& pairs) {
  Sides out;
  for (const auto& [source, target] : pairs) out.source.push_back(source), out.target.push_back(target);
  return out;
}

TokenPairs encode(const DemoCorpus::Pairs& pairs, const Tokenizer& source, const Tokenizer& target) {
  Ragged s, t;
  for (const auto& [zh, en] : pairs) s.push_back(source.encode(zh)), t.push_back(target.encode(en));
  return {std::move(s), std::move(t)};
}

struct Arguments {
  std::string out = "runs/demo";
  double effort = 1;
  int64_t seed = 1;
  bool json = false;
  Machine machine;
};

constexpr const char* about =
    "Trains four systems on an embedded Chinese-English corpus, oldest first: a plain RNN encoder-decoder, the same\n"
    "with Bahdanau's and with Luong's attention, and a Transformer. Then compares and opens them: a table, heat maps\n"
    "in the terminal, and one page, OUT/report.html. Takes about three minutes on two cores.";
constexpr const char* examples =
    "  stemma demo\n"
    "  stemma demo --effort 0.1                  # a quick look: a tenth of the training\n"
    "  stemma predict runs/demo/transformer      # then type: 我是一个学生\n";

// The corpus, seen as the systems see it, and what is asked of them.
struct Stage {
  DemoCorpus corpus;
  Sides test, test_long, all;
  Tokenizer source, target;
  std::vector<std::pair<std::string, std::string>> shown;  // opened up in the report

  explicit Stage(const Recipe& recipe) : corpus(demo_corpus()) {
    test = sides(corpus.test), test_long = sides(corpus.test_long);
    all = test;
    all.source.insert(all.source.end(), test_long.source.begin(), test_long.source.end());
    all.target.insert(all.target.end(), test_long.target.begin(), test_long.target.end());
    std::string zh, en;
    for (const auto& [s, t] : corpus.train) zh += s + "\n", en += t + "\n";
    source = Tokenizer::train(recipe.text, lines_of_text(zh));
    target = Tokenizer::train(recipe.text, lines_of_text(en));
    for (const size_t i : {size_t{3}, size_t{17}, size_t{42}}) shown.push_back(corpus.test.at(i));
    shown.push_back(corpus.test_long.at(5));
  }
  TranslationData data() const {
    return {encode(corpus.train, source, target), encode(corpus.valid, source, target), {}, {}};
  }
};

Recipe recipe_of(const Chapter& chapter, const Arguments& a) {
  RecipeBuilder builder("", chapter.preset);
  for (const char* common : {"text.kind=word", "text.chinese_characters=true", "text.joint=false", "batch.tokens=1500",
                             "label_smoothing=0.1", "log_every=10", "validate_every=0", "early_stopping=0"})
    builder.set(common);
  for (const auto& setting : chapter.settings) builder.set(setting);
  Recipe recipe = builder.build();
  recipe.train.seed = uint64_t(a.seed);
  recipe.train.precision = name_of(resolve_precision(a.machine.precision));
  recipe.train.deterministic = a.machine.deterministic;
  recipe.train.steps = std::max<int64_t>(20, int64_t(chapter.steps * a.effort));
  recipe.train.schedule.steps = recipe.train.steps;
  recipe.train.schedule.warmup = recipe.train.steps / 10;
  return recipe;
}

class Show {
 public:
  explicit Show(const Arguments& a) : a_(a), terminal_(terminal_of(a.json ? 2 : 1)), out_(a.json ? stderr : stdout) {}

  Json chapter(const Chapter& chapter, const Stage& stage) {
    const std::string directory = join_path(a_.out, chapter.directory);
    for (const char* old : {"checkpoint-last.safetensors", "training.jsonl"}) remove_file(join_path(directory, old));
    Translator system(recipe_of(chapter, a_), stage.source, stage.target);
    system.save_description(directory);
    say(str("\n", chapter.name, "  ", chapter.about, "\n"));
    ProgressBar bar(terminal_);
    HowFar now;
    now.label = "train";
    double loss = 0;
    const Summary summary =
        train_translator(system, stage.data(), directory, false, stop_requested(), {.progress = [&](const Progress& p) {
                           now.done = p.step, now.total = system.recipe().train.steps, now.seconds = p.seconds;
                           now.note = str("loss ", fixed(p.loss, 3), "  ", in_short(p.tokens_per_second), " tokens/s");
                           if (p.validation) loss = p.validation->loss;
                           say(bar.update(now));
                         }});
    say(bar.finish(now));
    Json entry = measure(chapter, stage, system);
    entry["train_tokens_per_second"] = summary.tokens_per_second;
    entry["loss"] = loss;
    entry["curve"] = curve_of(directory);
    return entry;
  }

  void table(const Json& systems) {
    std::vector<std::string> header = {"system", "parameters", "tokens/s", "loss", "BLEU", "long"};
    for (const auto& bucket : systems.array().front()["bleu_by_length"].array())
      header.push_back(bucket["range"].text());
    for (const char* name : {"greedy", "beam 4", "ms/sentence"}) header.emplace_back(name);
    Table table(header);
    for (const auto& s : systems.array()) {
      std::vector<std::string> row = {s["name"].text(),
                                      with_commas(s["parameters"].integer()),
                                      in_short(s["train_tokens_per_second"].number()),
                                      fixed(s["loss"].number(), 3),
                                      fixed(s["bleu"].number(), 1),
                                      fixed(s["bleu_long"].number(), 1)};
      for (const auto& bucket : s["bleu_by_length"].array()) row.push_back(fixed(bucket["bleu"].number(), 1));
      for (const char* key : {"greedy_bleu", "beam_bleu", "ms_per_sentence"}) row.push_back(fixed(s[key].number(), 1));
      table.add(row);
    }
    say("\n" + table.text(terminal_));
    say("BLEU: beam 4, sentences of trained length whose combinations of words were never seen; long: longer than any\n"
        "in training; then by characters of the source; greedy and beam 4 over both sets.\n");
  }

  void say(const std::string& text) {
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
  }

 private:
  Json measure(const Chapter& chapter, const Stage& stage, const Translator& system) {
    DecodeOptions greedy, beam;
    greedy.beam = 1;
    const auto with_beam = evaluate(system, stage.all.source, stage.all.target, beam);
    const auto without = evaluate(system, stage.all.source, stage.all.target, greedy);
    const auto cut = with_beam.hypotheses.begin() + int64_t(stage.test.source.size());
    const auto bleu = [](const std::vector<std::string>& hypotheses, const Sides& of) {
      return score("bleu", hypotheses, {of.target}).score;
    };
    Json examples = Json::Array{};
    for (const auto& [source, reference] : stage.shown) {
      const auto found = system.translate({source}, beam).at(0).at(0);
      const std::string& translation = found.text;
      const Explanation e = system.explain(source, found.ids);
      examples.push_back(example_of(e, reference));
      if (&reference == &stage.shown.front().second) {
        say(str("  ", source, "  →  ", translation, translation == reference ? "" : str("   (", reference, ")"), "\n"));
        say(attention_picture(e, terminal_));
      }
    }
    return Json::object({{"name", chapter.name},
                         {"about", chapter.about},
                         {"parameters", count(system.model().params())},
                         {"bleu", bleu({with_beam.hypotheses.begin(), cut}, stage.test)},
                         {"bleu_long", bleu({cut, with_beam.hypotheses.end()}, stage.test_long)},
                         {"greedy_bleu", without.scores.bleu},
                         {"beam_bleu", with_beam.scores.bleu},
                         {"ms_per_sentence", with_beam.scores.ms_per_sentence},
                         {"bleu_by_length", to_json(with_beam.scores.by_length)},
                         {"examples", examples},
                         {"tree", tree_of(system.model().params())}});
  }

  const Arguments& a_;
  Terminal terminal_;
  std::FILE* out_;
};

}  // namespace

int demo_command(const Words& words) {
  Arguments a;
  CommandLine line("demo", about, examples);
  line.option("--out", a.out, "where models and report.html go");
  line.option("--effort", a.effort, "how much training, as a share of the whole");
  line.option("--seed", a.seed, "of initial weights, order and dropout");
  line.flag("--json", a.json, "the table as JSON on standard output");
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  if (a.seed < 0) throw UsageError(str("--seed: ", a.seed, " is negative"));
  if (a.effort <= 0) throw UsageError(str("--effort: ", a.effort, " is not positive"));
  const MachineScope machine(a.machine);
  const Stage stage(recipe_of(chapters().front(), a));
  Show show(a);
  show.say(str(stage.corpus.train.size(), " training pairs such as  ", stage.corpus.train[0].first, "  →  ",
               stage.corpus.train[0].second, "\n"));
  Json systems = Json::Array{};
  for (const auto& chapter : chapters()) {
    systems.push_back(show.chapter(chapter, stage));
    if (stop_requested()) return show.say("\nstopped\n"), 0;
  }
  show.table(systems);
  const Json report = Json::object({{"title", "Sequence to sequence, from the RNN to the Transformer"},
                                    {"subtitle", "Chinese to English, four systems trained on the same 8,000 pairs"},
                                    {"command", "stemma demo"},
                                    {"systems", systems}});
  const std::string page = join_path(a.out, "report.html");
  write_file(page, report_page(report));
  show.say(str("\nThe whole story, with every head of the Transformer: ", page, "\n"));
  if (!a.json) return 0;
  Json brief = systems;
  for (auto& system : brief.array())
    for (const char* large : {"curve", "examples", "tree"})
      std::erase_if(system.object(), [&](const auto& member) { return member.first == large; });
  std::puts(Json::object({{"systems", brief}, {"report", page}}).dump().c_str());
  return 0;
}

}  // namespace stemma
