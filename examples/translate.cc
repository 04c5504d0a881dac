// Train and translate through the library: a system learns to turn number words into digits.
#include <cstdio>

#include "stemma/tasks/translate_training.h"

int main() {
  using namespace stemma;
  const std::vector<std::string> words = {"one", "two", "three", "four", "five"}, digits = {"1", "2", "3", "4", "5"};
  std::string source_text, target_text;
  for (size_t a = 0; a < 5; ++a)
    for (size_t b = 0; b < 5; ++b) {
      source_text += words[a] + " " + words[b] + "\n";
      target_text += digits[b] + " " + digits[a] + "\n";  // the order changes
    }
  RecipeBuilder builder("gru", "bahdanau2015");
  for (const char* setting : {"text.kind=word", "joint=false", "width=32", "embedding=16", "encoder_width=16",
                              "batch.tokens=40", "dropout=0", "train.steps=300", "rate=0.01", "schedule=constant"})
    builder.set(setting);
  const Recipe recipe = builder.build();
  Translator system(recipe, Tokenizer::train(recipe.text, lines_of_text(source_text)),
                    Tokenizer::train(recipe.text, lines_of_text(target_text)));
  Ragged sources, targets;
  std::string s, t;
  for (auto next_s = lines_of_text(source_text), next_t = lines_of_text(target_text); next_s(s) && next_t(t);)
    sources.push_back(system.source().encode(s)), targets.push_back(system.target().encode(t));
  system.save_description("example-model");
  const std::atomic<bool> stop{false};
  train_translator(system, {.train = TokenPairs(sources, targets), .valid = {}, .valid_source = {}, .valid_target = {}},
                   "example-model", false, stop, {});
  for (const auto& line : system.best({"one two", "five three"}, {})) std::printf("%s\n", line.c_str());
}
