// Decoding with models: what the loop is told, alone and in ensembles, and that it agrees with whole sequences.
#include <gmock/gmock.h>

#include "stemma/decode/decode.h"
#include "stemma/models/registry.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 14, sentences = 5;
constexpr int32_t bos = 1, eos = 2;

struct Case {
  std::string name, config;
};
const std::vector<Case> cases = {
    {"gru", R"({"embedding": 16, "width": 16, "encoder_width": 8})"},
    {"lstm", R"({"attention": "general", "style": "luong", "window": "predictive", "embedding": 16, "width": 16,
                 "encoder_width": 8, "decoder_layers": 2})"},
    {"rnn", R"({"attention": "none", "context": "every", "embedding": 16, "width": 16, "encoder_width": 8})"},
    {"transformer",
     R"({"width": 16, "heads": 4, "feed_forward": 32, "encoder_layers": 1, "decoder_layers": 2, "tie": "none"})"}};

// Random, but as sure of itself as a trained one.
std::unique_ptr<TranslationModel> make(const Case& c, uint64_t seed = 1) {
  auto model = make_model(c.name, Json::parse(c.config), {vocabulary, vocabulary}, seed);
  randomise([&](const ParamFn& f) { model->walk(f); }, seed);
  const Tensor& W = model->output_W();
  for (int64_t i = 0; i < W.size(); ++i) W.data()[i] *= 4;
  return model;
}

const std::vector<int64_t> all = {0, 1, 2, 3, 4};
Tensor sources(const std::vector<int64_t>& which = all) {
  return pick(random_ids({5, 1, 8, 3, 2}, vocabulary, 2), which);
}
DecodeRequest request(const std::vector<int64_t>& which = all) { return {.numbers = which, .bos = bos, .eos = eos}; }
std::vector<std::vector<Hypothesis>> decode(const std::vector<const TranslationModel*>& models,
                                            const std::vector<int64_t>& which, const DecodeOptions& o) {
  return stemma::decode(models, sources(which), request(which), o);
}
Tensor ids_of(const std::vector<Hypothesis>& list) {
  std::vector<int32_t> ids;
  std::vector<int64_t> lengths;
  for (const auto& h : list) {
    ids.insert(ids.end(), h.tokens.begin(), h.tokens.end());
    lengths.push_back(int64_t(h.tokens.size()));
  }
  return Tensor::ids(ids, splits_of_lengths(lengths));
}
std::vector<Hypothesis> best_of(const std::vector<std::vector<Hypothesis>>& found) {
  std::vector<Hypothesis> out;
  for (const auto& list : found) out.push_back(list.at(0));
  return out;
}
std::vector<DecodeOptions> ways() {
  DecodeOptions greedy{.beam = 1}, beam{.nbest = 4}, diverse{.nbest = 4, .groups = 2},
      sampling{.nbest = 3, .sample = true};
  beam.coverage_penalty = 0.3f;
  std::vector<DecodeOptions> out = {greedy, beam, diverse, sampling};
  for (auto& o : out) o.max_length = 9;
  return out;
}

TEST(System, hypotheses_are_as_likely_as_the_scoring_of_whole_pairs_says) {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto model = make(c);
    for (auto o : ways()) {
      o.rules.temperature = 1.5f;  // changes what is chosen, not how likely the model says it is
      const auto best = best_of(decode({model.get()}, all, o));
      const auto scores = score_pairs(*model, sources(), ids_of(best), bos, eos);
      ASSERT_EQ(int64_t(scores.size()), ids_of(best).rows() + sentences);
      size_t at = 0;
      for (const auto& h : best) {
        double sum = 0;
        for (size_t i = 0; i <= h.tokens.size(); ++i) sum += scores[at++];
        EXPECT_NEAR(h.log_probability, sum, 1e-4);
      }
    }
  }
}

TEST(System, scoring_pairs_equals_stepping_through_them) {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const NoGrad off;
    const auto model = make(c);
    const Tensor source = sources(), target = random_ids({3, 0, 6, 1, 2}, vocabulary, 8);
    const auto scores = score_pairs(*model, source, target, bos, eos);
    size_t at = 0;
    for (int64_t b = 0; b < sentences; ++b) {
      const auto system = system_of({model.get()}, pick(source, {b}));
      int32_t last = bos;
      for (int64_t i = target.begin(b); i <= target.end(b); ++i) {
        const int32_t next = i < target.end(b) ? target.data<int32_t>()[i] : eos;
        EXPECT_NEAR(scores.at(at++), log_softmax(system({{last}, {0}}).logits).data()[next], 1e-4);
        last = next;
      }
    }
    EXPECT_EQ(at, scores.size());
  }
}

TEST(System, a_sentence_does_not_depend_on_its_batch) {
  for (const auto& c : cases)
    for (const bool deterministic : {false, true}) {
      SCOPED_TRACE(c.name);
      const Deterministic on(deterministic);
      const auto model = make(c);
      for (const auto& o : ways()) {
        const auto together = decode({model.get()}, all, o);
        const std::vector<int64_t> order = {3, 0, 4, 2, 1};
        const auto moved = decode({model.get()}, order, o);
        for (size_t place = 0; place < order.size(); ++place) {
          const auto alone = decode({model.get()}, {order[place]}, o)[0];
          for (const auto& other : {together[size_t(order[place])], moved[place]}) {
            ASSERT_EQ(other.size(), alone.size());
            for (size_t k = 0; k < alone.size(); ++k) {
              EXPECT_EQ(other[k].tokens, alone[k].tokens);
              EXPECT_NEAR(other[k].score, alone[k].score, deterministic ? 0 : 1e-4);
            }
          }
        }
      }
    }
}

TEST(System, an_ensemble_of_one_model_with_itself_is_that_model) {
  for (const auto& c : cases) {
    const auto model = make(c);
    for (const auto& o : ways()) {
      const auto one = best_of(decode({model.get()}, all, o));
      const auto two = best_of(decode({model.get(), model.get()}, all, o));
      for (size_t b = 0; b < one.size(); ++b) {
        EXPECT_EQ(one[b].tokens, two[b].tokens) << c.name;
        EXPECT_NEAR(one[b].score, two[b].score, 1e-4) << c.name;
      }
    }
  }
}

TEST(System, an_ensemble_means_probabilities) {
  const NoGrad off;
  const auto a = make(cases[0]), b = make(cases[3], 2), c = make(cases[2], 3);
  const Tensor source = sources();
  const auto together = system_of({a.get(), b.get(), c.get()}, source);
  const std::vector<System> each = {system_of({a.get()}, source), system_of({b.get()}, source),
                                    system_of({c.get()}, source)};
  for (const Advance& next : {Advance{{bos, bos, bos}, {0, 2, 2}}, Advance{{5, 3, 7, 7}, {1, 0, 0, 2}}}) {
    const Tensor found = log_softmax(together(next).logits);
    Tensor mean = Tensor::zeros(found.rows(), found.cols());
    for (const auto& system : each) mean = mean + (1.0f / 3) * softmax(system(next).logits);
    EXPECT_LT(gap(exp(found), mean), 1e-6);
  }
}

// Wu et al. 2016, eq. 14, from the attention of the whole pair: the last layer's, the mean of its heads.
TEST(System, the_coverage_penalty_counts_what_was_looked_at) {
  for (const auto& c : {cases[0], cases[1], cases[3]}) {
    SCOPED_TRACE(c.name);
    const auto model = make(c);
    DecodeOptions o{.coverage_penalty = 0.7f, .max_length = 2};  // too few for long sources
    double total = 0;
    for (int64_t b = 0; b < sentences; ++b) {
      const auto h = decode({model.get()}, {b}, o)[0][0];
      const Tensor source = sources({b});
      std::vector<double> sums(size_t(source.rows()));
      {
        const NoGrad off;
        auto state = model->start(source);
        std::vector<int32_t> read = {bos};
        read.insert(read.end(), h.tokens.begin(), h.tokens.end());
        const Listening on([&](const std::string& path, const Tensor& A) {
          if (path != "decoder.attention" && path != "decoder.layers.1.cross.attention") return;
          const double heads = path == "decoder.attention" ? 1 : 4;
          for (int64_t i = 0; i < A.size(); ++i) sums[size_t(i % A.cols())] += A.data()[i] / heads;
        });
        model->decode(Tensor::ids(read), *state);
      }
      double penalty = 0;
      for (const double sum : sums) penalty += std::log(std::min(sum, 1.0));
      total += penalty;
      EXPECT_NEAR(h.score, h.log_probability / double(h.tokens.size() + 1) + 0.7 * penalty, 1e-4);
    }
    EXPECT_LT(total, -1);
  }
}

TEST(System, no_sentences_no_splits_no_words) {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto model = make(c);
    const DecodeOptions o{.max_length = 5};
    EXPECT_TRUE(decode({model.get()}, {}, o).empty());
    const auto wanted = decode({model.get()}, {2}, o),
               bare = stemma::decode({model.get()}, sources({2}).with_splits({}), request({2}), o);
    EXPECT_EQ(bare[0][0].tokens, wanted[0][0].tokens);
    const Tensor empty = Tensor::ids({3, 4}, splits_of_lengths({0, 2}));
    EXPECT_EQ(stemma::decode({model.get()}, empty, request({0, 1}), o).size(), 2);
  }
}

// Learned positions end somewhere; what is too long is ended there instead of failing.
TEST(System, a_hypothesis_stays_within_the_learned_positions) {
  const auto model = make({"transformer", R"({"width": 16, "heads": 4, "feed_forward": 32, "encoder_layers": 1,
                           "decoder_layers": 1, "positions": "learned", "max_positions": 9, "tie": "none"})"});
  ASSERT_EQ(model->longest_target(), 9);
  auto unending = request();
  unending.rules = {min_length(100, eos)};
  for (const auto& h : best_of(stemma::decode({model.get()}, sources(), unending, {}))) EXPECT_EQ(h.tokens.size(), 8);
}

}  // namespace
}  // namespace stemma
