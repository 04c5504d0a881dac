#include "stemma/tasks/translator.h"

#include <gtest/gtest.h>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"
#include "stemma/train/checkpoint.h"

namespace stemma {
namespace {

constexpr const char* words[] = {"ein", "mann", "schläft", "und", "eine", "frau", "liest", "im", "garten"};

// As `stemma predict` has it: from its files. Its weights are random, but sure of themselves.
Translator loaded() {
  std::string text;
  for (const char* word : words) text += std::string(word) + "\n";
  TokenizerOptions options;
  options.kind = "word";
  const Tokenizer tokenizer = Tokenizer::train(options, lines_of_text(text));
  RecipeBuilder recipe("", "transformer-small");
  for (const char* set : {"width=16", "heads=2", "feed_forward=32", "encoder_layers=1", "decoder_layers=1"})
    recipe.set(set);
  const Translator made(recipe.build(), tokenizer, tokenizer);
  randomise([&](const ParamFn& f) { made.model().walk(f); }, 1);
  const TemporaryDirectory folder;
  made.save_description(folder.path());
  save_tensors(folder.file("model.safetensors"), made.model().params(), {made.architecture(), {}});
  return Translator::load(folder.path());
}

TEST(Translator, a_line_has_the_same_translation_alone_and_among_many_with_any_threads) {
  const Translator system = loaded();
  std::vector<std::string> lines;
  Random random{1};
  for (int i = 0; i < 300; ++i) {
    std::string line;
    for (uint64_t n = random.below(9); n > 0; --n) line += std::string(words[random.below(std::size(words))]) + " ";
    lines.push_back(line);
  }
  for (const int64_t beam : {1, 3}) {
    DecodeOptions how;
    how.beam = beam, how.max_length = 12;
    set_threads(1);
    std::vector<std::string> alone;
    for (const auto& line : lines) alone.push_back(system.best({line}, how).at(0));
    for (const int threads : {1, 2, 3}) {
      set_threads(threads);
      EXPECT_EQ(system.best(lines, how), alone) << threads << " threads, a beam of " << beam;
    }
  }
  set_threads(0);
}

}  // namespace
}  // namespace stemma
