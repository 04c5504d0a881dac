// stemma train classify | pair | tag | answer | choose: from examples to a model directory. Here are the words on the
// screen; the work is in tasks/.
#include <cstdio>
#include <optional>

#include "stemma/base/files.h"
#include "stemma/base/profile.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/training_arguments.h"
#include "stemma/cli/training_display.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

namespace {

std::string examples_of(const TextTask& task) {
  const std::string train = str("  stemma train ", task.name, " --encoder ");
  if (task.name == "classify")
    return train + "lstm --train train.tsv --valid dev.tsv --out runs/topics --epochs 5\n" + train +
           "textcnn --train news.csv --set data.text=title,body --set data.label=topic --out runs/cnn\n" + train +
           "gru --set pooling=attention --vectors runs/vectors/model.bin --train t.jsonl --out runs/gru\n" + train +
           "fasttext --set autotune=5 --train train.tsv --valid dev.tsv --out runs/ft   # search for 5 minutes\n";
  if (task.name == "pair")
    return train +
           "lstm --train sts.csv --set data.first=6 --set data.second=7 --set data.label=5 --set scores=true \\\n"
           "       --out runs/sts\n" +
           train + "lstm --train s1.txt,s2.txt,labels.txt --out runs/nli\n";
  if (task.name == "tag")
    return train + "lstm --train train.conllu --valid dev.conllu --set data.tag=UPOS --out runs/upos\n" + train +
           "lstm --vectors runs/vectors --train ner.conll --valid dev.conll --out runs/ner\n" + train +
           "gru --train atis.train --valid atis.valid --set data.format=slots --out runs/slots\n" + train +
           "lstm --train weibo.train --valid weibo.dev --set data.spaces=false --set strip_index=true \\\n"
           "       --out runs/zh-ner\n";
  if (task.name == "answer")
    return train + "lstm --train train.json --valid dev.json --vectors runs/vectors/model.bin \\\n" +
           "       --set architecture.input.vectors=static --out runs/answer\n";
  if (task.name == "choose")
    return train + "lstm --train train.jsonl --valid valid.jsonl --out runs/choose\n" + train +
           "lstm --set head.form=siamese --train arc.csv --out runs/arc\n";
  return train + "lstm --train train --valid valid --out runs/" + task.name + "\n";
}

Facts facts_of(const TaskPlan& p) {
  Facts out;
  if (p.vocabulary) out.push_back({"vocabulary", with_commas(p.vocabulary)});
  out.push_back(
      {"examples", str(with_commas(p.examples), p.epoch_tokens ? str(", ", with_commas(p.epoch_tokens), " tokens") : "",
                       p.valid_examples ? str("; ", with_commas(p.valid_examples), " to validate") : "")});
  if (!p.labels.empty()) out.push_back({"labels", p.labels});
  return out;
}

// What the speed is told in: what the loss is a sum over; fasttext counts words.
std::string unit_of(const TextTask& task, const TaskRecipe& recipe) {
  if (task.name == "tag" || recipe.encoder == "fasttext") return "words";
  return task.name == "answer"   ? "pointers"
         : task.name == "choose" ? "questions"
         : task.name == "pair"   ? "pairs"
                                 : "texts";
}

std::string about(const TextTask& task) {
  std::string text =
      str("Trains a model for ", task.about, ".\n\nExamples are ", task.files, "; plain or .gz.\n\n",
          text_of(task.encoders(), encoder_presets(), "Encoders"), "How files are read, by --set data.KEY=VALUE:\n");
  const Json data = task.recipe("lstm").data;
  for (const auto& [key, meaning] : task.keys) {
    const auto dot = key.find('.');
    const Json& value = dot == key.npos ? data[key] : data[key.substr(0, dot)][key.substr(dot + 1)];
    std::string entry = str("  data.", key, "=", value.is_string() ? value.text() : value.dump());
    entry.resize(std::max<size_t>(entry.size() + 2, 34), ' ');
    text += entry + meaning + "\n";
  }
  return text + "Any other option of a run, all of which its config.json holds, likewise: --set dropout=0.3";
}

}  // namespace

int train_text_task(const TextTask& task, const Words& words) {
  TrainingArguments a;
  a.of = "encoder";
  TaskTraining training;
  std::string vectors;
  CommandLine line("train " + task.name, about(task), examples_of(task));
  line.option("--train", training.train, "training examples").required();
  line.option("--valid", training.valid, "validation examples: say when to stop and which weights are the best");
  line.option("--vectors", vectors, "word vectors that the words begin with: of stemma, fastText, word2vec, GloVe");
  line.option("--most", training.most, "learn from so many of the training examples, drawn by the seed; 0: all");
  a.declare(line, "which encoder reads the text (default: lstm)");
  if (!line.parse(words)) return 0;
  if (training.most < 0) throw UsageError(str("--most: ", training.most, " is negative"));
  TaskRecipe begin = a.goes_on() ? load_task_recipe(a.out, task.name) : first_recipe(task, a.model, a.preset);
  check(!a.goes_on() || !training.valid.empty() || begin.train.stop_on != "score", "the run in ", a.out,
        " began with validation examples: --valid is missing");
  if (line.given("--vectors")) begin.vectors = vectors;
  // What learns without the trainer has epochs of its own.
  if (line.given("--epochs") && begin.architecture.find("epochs")) begin.architecture["epochs"] = a.epochs;
  training.recipe = a.recipe(RecipeTree(to_json(begin)), line, !training.valid.empty()).build<TaskRecipe>();
  training.out = a.out, training.resume = a.resume;
  if (training.valid.empty()) training.recipe.train.stop_on = "loss";
  const MachineScope machine(a.machine);
  TrainingDisplay display(
      {.json = a.json, .score = task.measure, .unit = unit_of(task, training.recipe), .perplexity = false});
  std::optional<Profile> profile;
  if (!a.trace.empty()) profile.emplace();
  const Summary summary = task.train(training, stop_requested(), display.callbacks(facts_of));
  if (profile) write_file(a.trace, chrome_trace(profile->events()));
  display.end(summary, training.recipe.train.stop_on,
              {str("train ", task.name), words, "learned to " + task.name, "stemma predict DIR < text", a.out});
  return 0;
}

int train_classify_command(const Words& words) { return train_text_task(find_text_task("classify"), words); }
int train_pair_command(const Words& words) { return train_text_task(find_text_task("pair"), words); }
int train_tag_command(const Words& words) { return train_text_task(find_text_task("tag"), words); }
int train_answer_command(const Words& words) { return train_text_task(find_text_task("answer"), words); }
int train_choose_command(const Words& words) { return train_text_task(find_text_task("choose"), words); }

}  // namespace stemma
