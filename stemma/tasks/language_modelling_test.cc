// The language model task on a few invented lines: reading, training, resuming, writing.
#include "stemma/tasks/language_modelling.h"

#include <gmock/gmock.h>

#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"
#include "stemma/tasks/language_training.h"

namespace stemma {
namespace {

using testing::HasSubstr;

const std::atomic<bool> go_on{false};

std::string lines(int n) {
  static const char* who[] = {"the cat", "a dog", "my bird"};
  static const char* does[] = {"sees", "likes"};
  std::string out;
  for (int i = 0; i < n; ++i) out += str(who[i % 3], " ", does[i % 2], " ", who[(i / 3) % 3], ".\n");
  return out;
}

LanguageRecipe recipe(const std::string& model, std::initializer_list<std::string> more = {}) {
  RecipeTree tree = begin_language_recipe(model, "");
  for (const char* set : {"kind=char", "width=8", "streams=4", "length=6", "deterministic=true", "warmup=2"})
    tree.set(set);
  tree.set(model == "transformer" ? "heads=2" : "embedding=8");
  if (model == "transformer") tree.set("feed_forward=16"), tree.set("layers=1");
  for (const auto& assignment : more) tree.set(assignment);
  return tree.build<LanguageRecipe>();
}

struct Files {
  TemporaryDirectory folder;
  TrainLanguage request;
  explicit Files(const LanguageRecipe& recipe, int n = 60) {
    write_file(folder.file("train"), lines(n)), write_file(folder.file("valid"), lines(9));
    request = {recipe, {folder.file("train")}, folder.file("valid"), folder.file("model")};
  }
  std::string weights() const { return read_file(folder.file("model/model.safetensors")); }
  Summary run(int64_t steps, bool resume = false) {
    request.recipe.train.steps = steps, request.resume = resume;
    return train_language(request, go_on, {});
  }
};

LanguageSystem drawn(const LanguageRecipe& recipe) {
  return {recipe, Tokenizer::train(recipe.text, lines_of_text(lines(20)))};
}

// log p of ids, after </s>, in one reading of the whole.
std::vector<float> plainly(const LanguageSystem& s, std::vector<int32_t> ids) {
  const NoGrad off;
  const Tensor wanted = Tensor::ids(ids);
  ids.insert(ids.begin(), s.tokenizer().eos()), ids.pop_back();
  const auto state = s.model().start();
  return log_probability(s.model().read(Tensor::ids(ids), *state).hidden, s.model().output_W(), s.model().output_b(),
                         wanted)
      .values();
}

TEST(LanguageSystem, a_text_read_in_chunks_is_the_text_read_whole) {
  for (const std::string model : {"rnn", "lstm", "gru"}) {
    const auto system = drawn(recipe(model));
    const auto ids = system.encode_open(lines(12));
    ASSERT_GT(ids.size(), 128u);  // more than two chunks
    const auto wanted = plainly(system, ids);
    const Scored scored = system.score(ids, 3);
    for (size_t i = 0; i < ids.size(); ++i) EXPECT_NEAR(scored.log_p[i], wanted[i], 1e-5) << model << " " << i;
    const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
    EXPECT_NEAR(system.fit(ids, 1).nll, -sum, 1e-3);
    EXPECT_NEAR(system.fit(ids, 3).nll, -sum, 1e-2);  // the run-up is as good as the whole past
    EXPECT_EQ(system.fit(ids, 3).tokens, int64_t(ids.size()));
  }
}

TEST(LanguageSystem, windows_give_each_token_half_a_window_of_past) {
  const auto system = drawn(recipe("transformer"));  // windows of 6
  const auto ids = system.encode_open("the cat sees a dog");
  const auto scored = system.score(ids).log_p;
  EXPECT_NEAR(scored[4], plainly(system, {ids.begin(), ids.begin() + 5})[4], 1e-5);  // in the first window
  // Counted from 6 on: read from 3 on, after the token before.
  std::vector<int32_t> window(ids.begin() + 2, ids.begin() + 9);
  const NoGrad off;
  const auto state = system.model().start();
  const Tensor hidden = system.model().read(Tensor::ids({window.begin(), window.end() - 1}), *state).hidden;
  const auto log_p = log_probability(hidden, system.model().output_W(), system.model().output_b(),
                                     Tensor::ids({window.begin() + 1, window.end()}))
                         .values();
  for (const size_t i : {6, 7, 8}) EXPECT_NEAR(scored[i], log_p[i - 3], 1e-5) << i;
  EXPECT_EQ(system.fit(ids, 1).tokens, int64_t(ids.size()));
}

TEST(LanguageSystem, alternatives_are_the_likeliest) {
  const auto system = drawn(recipe("gru"));
  const Scored s = system.score(system.encode_open("a cat\nthe"), 1000);
  EXPECT_EQ(s.pieces[5], "\n");
  for (size_t i = 0; i < s.ids.size(); ++i) {
    double sum = 0;
    for (const auto& b : s.best[i]) sum += std::exp(double(b.log_p));
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_GE(s.best[i][0].log_p, s.log_p[i]);
  }
}

TEST(LanguageTraining, learns_and_comes_back_from_its_directory) {
  for (const std::string model : {"lstm", "transformer"}) {
    Files files(recipe(model, {"rate=2e-2", "tie=output"}));
    LanguagePlan plan;
    LanguageCallbacks calls;
    calls.plan = [&](const LanguagePlan& p) { plan = p; };
    files.request.recipe.train.steps = 400;
    const Summary summary = train_language(files.request, go_on, calls);
    EXPECT_EQ(plan.streams, 4);
    EXPECT_GT(plan.epoch_tokens, 1000);
    const auto system = LanguageSystem::load(files.request.out);
    const TokenStream valid = read_stream({{files.request.valid}, system.tokenizer()});
    const LanguageScores scores = evaluate(system, valid, 10);
    EXPECT_NEAR(scores.loss, summary.best, 1e-4) << model;
    EXPECT_LT(scores.loss, 2.4) << model;  // letters alone: 2.75
    EXPECT_NEAR(scores.bits_per_byte * double(scores.bytes), scores.loss / std::log(2) * double(scores.tokens), 1e-3);
  }
}

TEST(LanguageTraining, a_broken_run_goes_on_bit_for_bit) {
  for (const auto& r : {recipe("lstm", {"dropout=0.3"}), recipe("gru", {"locked=true", "weight_dropout=0.3",
                                                                        "accumulate=2", "vary=true", "length=9"})}) {
    Files whole(r), broken(r);
    whole.run(14);
    broken.run(5), broken.run(11, true), broken.run(14, true);
    EXPECT_EQ(whole.weights(), broken.weights());
  }
}

TEST(LanguageTraining, micro_batches_of_streams_are_one_batch) {
  std::vector<std::vector<float>> weights;
  for (const auto& set : {"streams=4", "streams=2", "streams=1"}) {
    Files files(recipe("lstm", {"dropout=0", set}));
    files.request.recipe.train.accumulate = 4 / files.request.recipe.batch.streams;
    files.run(12);
    auto system = LanguageSystem::load(files.request.out, LanguageSystem::For::training);
    weights.emplace_back();
    for (const auto& p : system.model().params())
      for (const float w : p.w.values()) weights.back().push_back(w);
  }
  for (size_t k = 1; k < weights.size(); ++k)
    for (size_t i = 0; i < weights[0].size(); ++i) EXPECT_NEAR(weights[k][i], weights[0][i], 2e-4) << k << " " << i;
}

TEST(LanguageTraining, is_the_same_bits_for_any_number_of_threads) {
  for (const std::string model : {"gru", "transformer"}) {
    std::vector<std::string> weights;
    for (const int threads : {1, 2, 3}) {
      set_threads(threads);
      Files files(recipe(model));
      files.run(6);
      weights.push_back(files.weights());
    }
    set_threads(0);
    EXPECT_EQ(weights[1], weights[0]) << model;
    EXPECT_EQ(weights[2], weights[0]) << model;
  }
}

TEST(LanguageTraining, what_cannot_be_is_one_clear_line) {
  const auto refusal = [](const LanguageRecipe& r, const auto& change) {
    Files files(r);
    change(files);
    return error_of([&] { files.run(3); });
  };
  const auto as_it_is = [](Files&) {};
  EXPECT_THAT(refusal(recipe("lstm", {"streams=1000"}), as_it_is), HasSubstr("too few for 1000 streams of 6 tokens"));
  EXPECT_THAT(refusal(recipe("lstm"), [](Files& f) { write_file(f.folder.file("train"), ""); }), HasSubstr("no text"));
  EXPECT_THAT(refusal(recipe("lstm"), [](Files& f) { write_file(f.folder.file("valid"), ""); }),
              HasSubstr("valid: no text"));
  EXPECT_THAT(refusal(recipe("lstm", {"non_monotone=5"}), [](Files& f) { f.request.valid = ""; }),
              HasSubstr("non_monotone needs validation text"));
  EXPECT_THAT(refusal(recipe("transformer", {"positions=learned", "max_positions=4"}), as_it_is),
              HasSubstr("batch.length = 6, but the model has positions for 4 tokens"));
  EXPECT_THAT(error_of([] { begin_language_recipe("gru", "transformer-lm-small"); }), HasSubstr("not gru"));
  Files files(recipe("gru"));
  files.run(2);
  EXPECT_THAT(error_of([&] { files.run(3); }), HasSubstr("holds a run already"));
  write_file(files.folder.file("train"), lines(61));
  EXPECT_THAT(error_of([&] { files.run(3, true); }), HasSubstr("is not the one that the run"));
}

TEST(LanguageRecipe, every_preset_is_one) {
  for (const auto& preset : language_presets()) {
    const auto r = begin_language_recipe("", preset.name).build<LanguageRecipe>();
    EXPECT_EQ(r.model, preset.model);
    EXPECT_EQ(error_of([&] { r.validate(); }), "no error") << preset.name;
  }
  EXPECT_EQ(begin_language_recipe("rnn", "char-rnn-small").build<LanguageRecipe>().model, "rnn");
}

TEST(LanguageTraining, characters_never_seen_are_counted) {
  Files files(recipe("gru"));
  write_file(files.request.valid, "a cät\n");
  std::string said;
  LanguageCallbacks calls;
  calls.say = [&](const std::string& line) { said = line; };
  files.request.recipe.train.steps = 1;
  train_language(files.request, go_on, calls);
  EXPECT_THAT(said, HasSubstr("1 of 6 tokens are not in the vocabulary"));
}

// ---- writing -------------------------------------------------------------------------------------------------------
std::vector<int32_t> greedy(const LanguageSystem& system, std::vector<int32_t> prompt, int64_t n) {
  const DecodeRequest request{.source_lengths = {1}, .eos = -1};
  return decode(continuing(system, {prompt}), request, {.beam = 1, .max_length = n}).at(0).at(0).tokens;
}

TEST(LanguageSystem, greedy_text_is_the_likeliest_token_again_and_again) {
  for (const std::string model : {"rnn", "lstm", "gru", "transformer"}) {
    const auto system = drawn(recipe(model, {"length=40"}));
    std::vector<int32_t> text = {system.tokenizer().eos(), system.tokenizer().id("c")};
    const auto found = greedy(system, text, 12);
    const NoGrad off;
    for (int i = 0; i < 12; ++i) {
      const auto state = system.model().start();
      const Tensor last = last_rows(system.model().read(Tensor::ids(text), *state).hidden);
      text.push_back(argmax(linear(last, system.model().output_W(), {.b = system.model().output_b()}))[0]);
    }
    EXPECT_EQ(found, std::vector<int32_t>(text.begin() + 2, text.end())) << model;
  }
}

TEST(LanguageSystem, a_window_that_is_full_moves_on) {
  const auto system = drawn(recipe("transformer", {"positions=learned", "max_positions=6"}));
  EXPECT_EQ(greedy(system, system.encode_open("the cat sees a dog"), 30).size(), 30u);
}

TEST(LanguageSystem, samples_and_beams_do_not_feel_each_other) {
  const auto system = drawn(recipe("lstm"));
  const auto prompt = system.encode_open("a"), other = system.encode_open("the dog");
  const DecodeOptions options{.nbest = 3, .length_penalty = 0, .max_length = 8, .sample = true, .seed = 5};
  const auto alone = decode(continuing(system, {prompt}), {.source_lengths = {1}, .eos = -1}, options)[0];
  const auto beside =
      decode(continuing(system, {other, prompt}), {.source_lengths = {1, 1}, .numbers = {1, 0}, .eos = -1}, options)[1];
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(alone[i].tokens, beside[i].tokens);
    auto ids = prompt;
    ids.insert(ids.end(), alone[i].tokens.begin(), alone[i].tokens.end());
    EXPECT_EQ(ids.size(), 9u);
  }
}

TEST(LanguageSystem, text_comes_back_with_its_lines) {
  const auto system = drawn(recipe("lstm"));
  for (const std::string text : {"a cat\nthe dog", "a\n\nb", "\n", ""})
    EXPECT_EQ(system.decode(system.encode_open(text)), text);
}

}  // namespace
}  // namespace stemma
