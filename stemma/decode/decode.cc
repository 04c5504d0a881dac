#include "stemma/decode/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"

namespace stemma {

namespace {

struct Live {  // a hypothesis that goes on
  int64_t sentence, group;
  int64_t last = -1, length = 0;  // its last word, and how many tokens it has
  double score = 0, log_probability = 0;
  std::vector<float> coverage;  // of the source, when asked for
};

struct Candidate {
  double rank;  // the score to choose by: noise and diversity counted
  double score, log_probability;
  int64_t live;
  int32_t token;
};

bool better(const Candidate& a, const Candidate& b) {  // a total order, so that ties do not depend on the batch
  return a.rank != b.rank ? a.rank > b.rank : a.live != b.live ? a.live < b.live : a.token < b.token;
}

struct Word {  // of a hypothesis, which is found by back-pointers
  int32_t token;
  int64_t before;
};

// Philox on (sentence, sample, place, token): the same noise for a sentence in any batch.
float gumbel(uint64_t seed, const Live& h, int64_t number, size_t token) {
  const auto block =
      philox(seed ^ 0x47554D42454Cu, uint64_t(number) << 32 | uint64_t(h.length), uint64_t(h.group) << 32 | token);
  const double u = (double(block[0]) + 0.5) * 0x1p-32;
  return float(-std::log(-std::log(u)));
}

class Search {
 public:
  Search(const DecodeRequest& request, const DecodeOptions& options) : request_(request), options_(options) {
    sentences_ = int64_t(request.source_lengths.size());
    groups_ = options.sample ? options.nbest : options.groups;
    width_ = options.sample ? 1 : options.beam / options.groups;
    for (const int64_t length : request.source_lengths) {
      longest_.push_back(options.max_length ? options.max_length : std::max(2 * length + 20, options.min_length));
      if (request.longest_target) longest_.back() = std::min(longest_.back(), request.longest_target - 1);
    }
    // With diversity a token may lose its place to one that is further down, as far as other groups have reached.
    keep_ = 2 * width_ + (options.diversity > 0 ? (groups_ - 1) * width_ : 0);
    rules_ = rules_of(options.rules, request.eos);
    rules_.insert(rules_.end(), request.rules.begin(), request.rules.end());
    plain_ = !options.sample && rules_.empty();
    if (!endless() && options.min_length > 0)
      rules_.insert(rules_.begin(), min_length(options.min_length, request.eos));
    if (!endless()) rules_.push_back(max_length(longest_, request.eos));
    done_.resize(size_t(sentences_ * groups_));
  }

  std::vector<std::vector<Hypothesis>> run(const System& system) {
    Advance next{{}, {}, options_.coverage_penalty > 0};
    for (int64_t b = 0; b < sentences_; ++b)  // the first step is the same for all groups of a sentence
      for (int64_t g = 0; g < groups_; ++g) {
        live_.push_back({.sentence = b, .group = g, .coverage = {}});
        next.tokens.push_back(request_.bos), next.parents.push_back(b);
      }
    while (!live_.empty()) {
      const Advanced now = system(next);
      check(now.logits.rows() == int64_t(live_.size()), "decode: ", live_.size(), " hypotheses got ", now.logits);
      if (now.attention) cover(now.attention);
      next = step(now.logits);
    }
    return collect();
  }

 private:
  // Without </s> an answer ends at its greatest length, at no price and without a token.
  bool endless() const { return request_.eos < 0; }

  // The one token that may come now and that no rule may veto; none: the search is free.
  std::optional<int32_t> forced(const Live& h) const {
    static const std::vector<int32_t> none;
    const auto& prefix = request_.prefixes.empty() ? none : request_.prefixes[size_t(h.sentence)];
    const bool inside = h.length < int64_t(prefix.size());
    if ((plain_ || inside || endless()) && h.length >= longest_[size_t(h.sentence)]) return request_.eos;
    return inside ? std::optional(prefix[size_t(h.length)]) : std::nullopt;
  }

  // A row of logits: log p of a token is its logit less log_sum.
  struct Row {
    std::span<const float> logits;
    float log_sum;
    std::span<const int32_t> top;  // the likeliest, best first
    double log_p(int32_t token) const {
      if (token < 0) return 0;  // the end of what has no </s>
      return double(logits[size_t(token)]) - double(log_sum);
    }
  };

  // The best continuations of a hypothesis: enough for `width` that do not end.
  std::vector<Candidate> continuations(int64_t live, const Row& row) const {
    const Live& h = live_[size_t(live)];
    const auto at_price = [&](int32_t token) {
      const double log_p = row.log_p(token);
      return Candidate{h.score + log_p, h.score + log_p, h.log_probability + log_p, live, token};
    };
    std::vector<Candidate> best;
    if (const auto token = forced(h)) {
      check(*token < int64_t(row.logits.size()), "token ", *token, " is not in the vocabulary of ", row.logits.size());
      return {at_price(*token)};
    }
    if (!plain_) return by_rules(live, row);
    for (const int32_t token : row.top)
      if (token >= 0 && int64_t(best.size()) < keep_ && (token != request_.eos || h.length >= options_.min_length))
        best.push_back(at_price(token));
    if (best.empty()) best.push_back(at_price(request_.eos));
    return best;
  }

  // The same when rules or noise may change every score.
  std::vector<Candidate> by_rules(int64_t live, const Row& row) const {
    const Live& h = live_[size_t(live)];
    std::vector<float> scores(row.logits.size());
    for (size_t v = 0; v < scores.size(); ++v) scores[v] = float(row.log_p(int32_t(v)));
    const auto tokens = tokens_of(h);
    for (const auto& rule : rules_) rule({h.sentence, tokens}, scores);
    const int64_t number = request_.numbers.empty() ? h.sentence : request_.numbers[size_t(h.sentence)];
    std::vector<Candidate> best;  // a heap, the worst on top
    for (size_t v = 0; v < scores.size(); ++v) {
      if (!(scores[v] > -std::numeric_limits<float>::infinity())) continue;
      const double score = h.score + scores[v];
      const double rank = options_.sample ? scores[v] + gumbel(options_.seed, h, number, v) : score;
      const Candidate c{rank, score, h.log_probability + row.log_p(int32_t(v)), live, int32_t(v)};
      if (int64_t(best.size()) == keep_ && !better(c, best.front())) continue;
      if (int64_t(best.size()) == keep_) std::pop_heap(best.begin(), best.end(), better), best.pop_back();
      best.push_back(c);
      std::push_heap(best.begin(), best.end(), better);
    }
    if (best.empty()) {  // the rules forbid everything: end here, at the model's price
      const double end_here = row.log_p(request_.eos);
      best.push_back({h.score + end_here, h.score + end_here, h.log_probability + end_here, live, request_.eos});
    }
    return best;
  }

  std::vector<std::vector<Candidate>> propose(const Tensor& logits) const {
    const int64_t V = logits.cols(), k = plain_ ? std::min(keep_ + 1, V) : 1;  // </s> may be too early
    const TopRows top = top_rows(logits, k);
    std::vector<std::vector<Candidate>> proposals(live_.size());
    parallel_for(int64_t(live_.size()), plain_ ? 256 : row_grain(V), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        proposals[size_t(i)] = continuations(
            i, {{logits.data() + i * V, size_t(V)}, top.log_sum[size_t(i)], {top.columns.data() + i * k, size_t(k)}});
    });
    return proposals;
  }

  Advance step(const Tensor& logits) {
    const auto proposals = propose(logits);
    Advance next{{}, {}, options_.coverage_penalty > 0};
    std::vector<Live> alive;
    for (size_t begin = 0; begin < live_.size();) {  // hypotheses of a sentence stand together, group by group
      const int64_t sentence = live_[begin].sentence;
      std::vector<std::pair<int32_t, float>> chosen;  // tokens of this step and what they cost later groups
      while (begin < live_.size() && live_[begin].sentence == sentence) {
        size_t end = begin;
        while (end < live_.size() && live_[end].sentence == sentence && live_[end].group == live_[begin].group) ++end;
        std::vector<Candidate> pool;
        for (size_t i = begin; i < end; ++i) pool.insert(pool.end(), proposals[i].begin(), proposals[i].end());
        for (auto& c : pool)
          for (const auto& [token, cost] : chosen)
            if (token == c.token) c.rank -= cost;
        std::sort(pool.begin(), pool.end(), better);
        for (const auto& c : select(pool, alive, next))
          if (options_.groups > 1) chosen.emplace_back(c, options_.diversity);
        begin = end;
      }
    }
    live_ = std::move(alive);
    return next;
  }

  // Takes the best of one group: those that end leave, the others go on. Returns the tokens taken.
  std::vector<int32_t> select(const std::vector<Candidate>& pool, std::vector<Live>& alive, Advance& next) {
    std::vector<int32_t> taken;
    std::vector<const Candidate*> going;
    const Live& first = live_[size_t(pool[0].live)];
    auto& done = done_[size_t(first.sentence * groups_ + first.group)];
    for (size_t i = 0; i < pool.size() && int64_t(going.size()) < width_; ++i) {
      const Candidate& c = pool[i];
      if (c.token != request_.eos) {
        going.push_back(&c);
      } else if (int64_t(i) < width_) {  // otherwise not among the best: a longer one may still win
        taken.push_back(c.token);
        done.push_back(finish(live_[size_t(c.live)], c));
      }
    }
    keep_best(done);
    if (going.empty() || (int64_t(done.size()) == width_ && !may_still_win(going, done.back()))) return taken;
    for (const auto* c : going) {
      const Live& h = live_[size_t(c->live)];
      taken.push_back(c->token);
      next.tokens.push_back(c->token), next.parents.push_back(c->live);
      alive.push_back(
          {h.sentence, h.group, int64_t(words_.size()), h.length + 1, c->score, c->log_probability, h.coverage});
      words_.push_back({c->token, h.last});
    }
    return taken;
  }

  // The best of what has ended, best first, no more than the group is wide.
  void keep_best(std::vector<Hypothesis>& done) const {
    std::stable_sort(done.begin(), done.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    if (int64_t(done.size()) > width_) done.resize(size_t(width_));
  }

  // Would the best that goes on, ending now at no cost, be among the kept? Exact without a length penalty; with one, a
  // hypothesis could only still win by growing much longer at hardly any cost. A group of one (greedy search, a sample)
  // takes what ends first.
  bool may_still_win(const std::vector<const Candidate*>& going, const Hypothesis& worst) const {
    double best = -std::numeric_limits<double>::infinity();
    for (const auto* c : going) {
      const double length = double(live_[size_t(c->live)].length) + 2;  // this token and </s>
      best = std::max(best, c->score / std::pow(length, double(options_.length_penalty)));
    }
    return width_ > 1 && best > worst.score;
  }

  Hypothesis finish(const Live& h, const Candidate& c) const {
    const double length = double(h.length) + (endless() ? 0 : 1);
    double score = c.score / std::pow(std::max(length, 1.0), double(options_.length_penalty));
    if (options_.coverage_penalty > 0) {
      const int64_t n = request_.source_lengths[size_t(h.sentence)];
      for (int64_t i = 0; i < n && i < int64_t(h.coverage.size()); ++i)
        score += options_.coverage_penalty * std::log(std::clamp(double(h.coverage[size_t(i)]), 1e-10, 1.0));
    }
    return {tokens_of(h), score, c.log_probability};
  }

  std::vector<int32_t> tokens_of(const Live& h) const {
    std::vector<int32_t> tokens(static_cast<size_t>(h.length));
    auto place = tokens.rbegin();
    for (int64_t word = h.last; word >= 0; word = words_[size_t(word)].before) *place++ = words_[size_t(word)].token;
    return tokens;
  }

  void cover(const Tensor& attention) {
    for (size_t i = 0; i < live_.size(); ++i) {
      auto& sums = live_[i].coverage;
      sums.resize(size_t(attention.cols()));
      for (size_t s = 0; s < sums.size(); ++s) sums[s] += attention.data()[int64_t(i) * attention.cols() + int64_t(s)];
    }
  }

  std::vector<std::vector<Hypothesis>> collect() {
    std::vector<std::vector<Hypothesis>> out;
    out.resize(size_t(sentences_));
    for (size_t i = 0; i < done_.size(); ++i)
      for (auto& h : done_[i]) out[i / size_t(groups_)].push_back(std::move(h));
    for (auto& list : out) {
      std::stable_sort(list.begin(), list.end(), [](auto& a, auto& b) { return a.score > b.score; });
      if (options_.groups > 1) drop_twins(list);
      if (int64_t(list.size()) > options_.nbest) list.resize(size_t(options_.nbest));
    }
    return out;
  }

  // Groups may find the same.
  static void drop_twins(std::vector<Hypothesis>& list) {
    std::vector<Hypothesis> kept;
    for (auto& h : list)
      if (std::none_of(kept.begin(), kept.end(), [&](const auto& k) { return k.tokens == h.tokens; }))
        kept.push_back(std::move(h));
    list = std::move(kept);
  }

  const DecodeRequest& request_;
  const DecodeOptions& options_;
  int64_t sentences_, groups_, width_, keep_;  // keep: candidates of a hypothesis
  std::vector<int64_t> longest_;               // of each sentence
  std::vector<Rule> rules_;
  bool plain_;  // no rule but the lengths, no noise: the likeliest tokens are the best
  std::vector<Live> live_;
  std::vector<Word> words_;
  std::vector<std::vector<Hypothesis>> done_;  // for each sentence and group
};

// Of "decoder...attention": one row of weights for each hypothesis, heads averaged.
Tensor mean_over_heads(const Tensor& A, int64_t hypotheses) {
  const std::vector<int64_t> heads(size_t(hypotheses), A.rows() / hypotheses);
  return segment_mean(A.with_splits(splits_of_lengths(heads)));
}

Tensor log_add(const Tensor& a, const Tensor& b) {  // log(e^a + e^b)
  const Tensor top = maximum(a, b);
  return top + log(exp(a - top) + exp(b - top));
}

bool looks_at_source(const std::string& path) {
  return path == "decoder.attention" || (path.starts_with("decoder.") && path.ends_with("cross.attention"));
}

}  // namespace

void DecodeOptions::validate() const {
  check(beam > 0 && beam <= 1000, "beam: ", beam, " is not between 1 and 1000");
  const int64_t most = sample ? 100'000 : 1000;
  check(nbest > 0 && nbest <= most, "nbest: ", nbest, " is not between 1 and ", most);
  check(sample || nbest <= beam, "nbest: ", nbest, " is more than the beam of ", beam);
  check(groups > 0 && beam % groups == 0, "groups: a beam of ", beam, " does not divide into ", groups);
  check(!sample || groups == 1, "groups: samples are independent already; use nbest");
  check(min_length >= 0 && max_length >= 0, "min_length, max_length: must not be negative");
  check(max_length == 0 || min_length <= max_length, "min_length: ", min_length, " is more than max_length ",
        max_length);
  rules.validate();
}

System system_of(const std::vector<const TranslationModel*>& models, const Tensor& source) {
  check(!models.empty(), "decode: no model");
  auto states = std::make_shared<std::vector<std::unique_ptr<DecoderState>>>();
  for (const auto* model : models) states->push_back(model->start(source));
  return [models, states](const Advance& next) {
    const auto n = int64_t(next.tokens.size());
    const Tensor ids = Tensor::ids(next.tokens, splits_of_lengths(std::vector<int64_t>(size_t(n), 1)));
    Advanced out;
    std::optional<Listening> listening;
    if (next.want_attention)  // the last layer's, of each model in turn
      listening.emplace([&](const std::string& path, const Tensor& A) {
        if (looks_at_source(path)) out.attention = mean_over_heads(A, n);
      });
    for (size_t m = 0; m < models.size(); ++m) {
      auto& state = *(*states)[m];
      state.reorder(next.parents);
      const Tensor hidden = models[m]->decode(ids, state);
      const Tensor logits = linear(hidden, models[m]->output_W(), {.b = models[m]->output_b()});
      if (models.size() == 1)
        out.logits = logits;
      else
        out.logits = m ? log_add(out.logits, log_softmax(logits)) : log_softmax(logits);
    }
    return out;
  };
}

std::vector<std::vector<Hypothesis>> decode(const System& system, const DecodeRequest& request,
                                            const DecodeOptions& options) {
  options.validate();
  const auto n = request.source_lengths.size();
  check(request.prefixes.empty() || request.prefixes.size() == n, "decode: ", request.prefixes.size(), " prefixes for ",
        n, " sentences");
  check(request.numbers.empty() || request.numbers.size() == n, "decode: ", request.numbers.size(), " numbers for ", n,
        " sentences");
  return Search(request, options).run(system);
}

std::vector<std::vector<Hypothesis>> decode(const std::vector<const TranslationModel*>& models, const Tensor& source,
                                            const DecodeRequest& request, const DecodeOptions& options) {
  const NoGrad off;
  DecodeRequest within = request;
  within.source_lengths.clear();
  for (int64_t b = 0; b < source.sequences(); ++b) within.source_lengths.push_back(source.end(b) - source.begin(b));
  for (const auto* model : models)
    if (const int64_t n = model->longest_target(); n && (!within.longest_target || n < within.longest_target))
      within.longest_target = n;
  return decode(system_of(models, source), within, options);
}

std::vector<float> score_pairs(const TranslationModel& model, const Tensor& source, const Tensor& target, int32_t bos,
                               int32_t eos) {
  NoGrad off;
  std::vector<int32_t> in, out;
  std::vector<int64_t> begins{0};
  for (int64_t b = 0; b < target.sequences(); ++b) {
    const int32_t* ids = target.data<int32_t>();
    in.push_back(bos);
    in.insert(in.end(), ids + target.begin(b), ids + target.end(b));
    out.insert(out.end(), ids + target.begin(b), ids + target.end(b));
    out.push_back(eos);
    begins.push_back(int64_t(in.size()));
  }
  const auto splits = make_splits(begins);
  auto state = model.start(source);
  const Tensor hidden = model.decode(Tensor::ids(in, splits), *state);
  return log_probability(hidden, model.output_W(), model.output_b(), Tensor::ids(out)).values();
}

}  // namespace stemma
