#include "stemma/decode/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"

namespace stemma {

namespace {

struct Live {  // a hypothesis that goes on
  int64_t sentence, group;
  std::vector<int32_t> tokens;
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

// Philox on (sentence, sample, place, token): the same noise for a sentence in any batch.
float gumbel(uint64_t seed, const Live& h, int64_t number, size_t token) {
  const auto block = philox(seed ^ 0x47554D42454Cu, uint64_t(number) << 32 | uint64_t(h.tokens.size()),
                            uint64_t(h.group) << 32 | token);
  const double u = (double(block[0]) + 0.5) * 0x1p-32;
  return float(-std::log(-std::log(u)));
}

class Search {
 public:
  Search(const DecodeRequest& request, const DecodeOptions& options) : request_(request), options_(options) {
    sentences_ = request.source.sequences();
    groups_ = options.sample ? options.nbest : options.groups;
    width_ = options.sample ? 1 : options.beam / options.groups;
    std::vector<int64_t> longest;
    for (int64_t b = 0; b < sentences_; ++b) {
      const int64_t usual = std::max(2 * (request.source.end(b) - request.source.begin(b)) + 20, options.min_length);
      longest.push_back(options.max_length ? options.max_length : usual);
      if (request.longest_target) longest.back() = std::min(longest.back(), request.longest_target - 1);
    }
    rules_ = rules_of(options.rules, request.eos);
    if (options.min_length > 0) rules_.insert(rules_.begin(), min_length(options.min_length, request.eos));
    rules_.insert(rules_.end(), request.rules.begin(), request.rules.end());
    rules_.push_back(max_length(longest, request.eos));
    forcing_ = {forced_prefix(request.prefixes), rules_.back()};
    done_.resize(size_t(sentences_ * groups_));
  }

  std::vector<std::vector<Hypothesis>> run(const System& system) {
    Advance next{{}, {}, options_.coverage_penalty > 0};
    for (int64_t b = 0; b < sentences_; ++b)  // the first step is the same for all groups of a sentence
      for (int64_t g = 0; g < groups_; ++g) {
        live_.push_back({b, g, {}, 0, 0, {}});
        next.tokens.push_back(request_.bos), next.parents.push_back(b);
      }
    while (!live_.empty()) {
      const Advanced now = system(next);
      check(now.log_p.rows() == int64_t(live_.size()), "decode: ", live_.size(), " hypotheses got ", now.log_p);
      if (now.attention) cover(now.attention);
      next = step(now.log_p);
    }
    return collect();
  }

 private:
  bool forced(const Live& h) const {
    return !request_.prefixes.empty() && h.tokens.size() < request_.prefixes[size_t(h.sentence)].size();
  }

  // The 2 * width best continuations of a hypothesis: enough for `width` that do not end.
  std::vector<Candidate> continuations(int64_t live, std::span<const float> log_p) const {
    const Live& h = live_[size_t(live)];
    std::vector<float> scores(log_p.begin(), log_p.end());
    for (const auto& rule : forced(h) ? forcing_ : rules_) rule({h.sentence, h.tokens}, scores);
    const int64_t number = request_.numbers.empty() ? h.sentence : request_.numbers[size_t(h.sentence)];
    // With diversity a token may lose its place to one that is further down, as far as other groups have reached.
    const auto keep = size_t(2 * width_ + (options_.diversity > 0 ? (groups_ - 1) * width_ : 0));
    std::vector<Candidate> best;  // a heap, the worst on top
    for (size_t v = 0; v < scores.size(); ++v) {
      if (!(scores[v] > -std::numeric_limits<float>::infinity())) continue;
      const double score = h.score + scores[v];
      const double rank = options_.sample ? scores[v] + gumbel(options_.seed, h, number, v) : score;
      const Candidate c{rank, score, h.log_probability + log_p[v], live, int32_t(v)};
      if (best.size() == keep && !better(c, best.front())) continue;
      if (best.size() == keep) std::pop_heap(best.begin(), best.end(), better), best.pop_back();
      best.push_back(c);
      std::push_heap(best.begin(), best.end(), better);
    }
    if (best.empty()) {  // the rules forbid everything: end here, at the model's price
      const double end_here = log_p[size_t(request_.eos)];
      best.push_back({h.score + end_here, h.score + end_here, h.log_probability + end_here, live, request_.eos});
    }
    return best;
  }

  Advance step(const Tensor& log_p) {
    std::vector<std::vector<Candidate>> proposals(live_.size());
    parallel_for(int64_t(live_.size()), row_grain(log_p.cols()), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        proposals[size_t(i)] = continuations(i, {log_p.data() + i * log_p.cols(), size_t(log_p.cols())});
    });
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
      alive.push_back({h.sentence, h.group, h.tokens, c->score, c->log_probability, h.coverage});
      alive.back().tokens.push_back(c->token);
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
      const double length = double(live_[size_t(c->live)].tokens.size()) + 2;  // this token and </s>
      best = std::max(best, c->score / std::pow(length, double(options_.length_penalty)));
    }
    return width_ > 1 && best > worst.score;
  }

  Hypothesis finish(const Live& h, const Candidate& c) const {
    const double length = double(h.tokens.size()) + 1;
    double score = c.score / std::pow(length, double(options_.length_penalty));
    if (options_.coverage_penalty > 0) {
      const int64_t n = request_.source.end(h.sentence) - request_.source.begin(h.sentence);
      for (int64_t i = 0; i < n && i < int64_t(h.coverage.size()); ++i)
        score += options_.coverage_penalty * std::log(std::clamp(double(h.coverage[size_t(i)]), 1e-10, 1.0));
    }
    return {h.tokens, score, c.log_probability};
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
  int64_t sentences_, groups_, width_;
  std::vector<Rule> rules_, forcing_;  // forcing: inside a forced prefix, which no other rule may veto
  std::vector<Live> live_;
  std::vector<std::vector<Hypothesis>> done_;  // for each sentence and group
};

// Of "decoder...attention": one row of weights for each hypothesis, heads averaged.
Tensor mean_over_heads(const Tensor& A, int64_t hypotheses) {
  const int64_t heads = A.rows() / hypotheses;
  Tensor mean = Tensor::zeros(hypotheses, A.cols());
  for (int64_t r = 0; r < A.rows(); ++r)
    for (int64_t c = 0; c < A.cols(); ++c)
      mean.data()[r / heads * A.cols() + c] += A.data()[r * A.cols() + c] / float(heads);
  return mean;
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
      const Tensor log_p = log_softmax(linear(hidden, models[m]->output_W(), {.b = models[m]->output_b()}));
      out.log_p = m ? log_add(out.log_p, log_p) : log_p;
    }
    if (models.size() > 1) out.log_p = out.log_p + -std::log(float(models.size()));
    return out;
  };
}

std::vector<std::vector<Hypothesis>> decode(const System& system, const DecodeRequest& request,
                                            const DecodeOptions& options) {
  options.validate();
  const auto n = size_t(request.source.sequences());
  check(request.prefixes.empty() || request.prefixes.size() == n, "decode: ", request.prefixes.size(), " prefixes for ",
        n, " sentences");
  check(request.numbers.empty() || request.numbers.size() == n, "decode: ", request.numbers.size(), " numbers for ", n,
        " sentences");
  return Search(request, options).run(system);
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
