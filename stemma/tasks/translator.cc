#include "stemma/tasks/translator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/base/version.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

Tensor tensor_of(const Ragged& ragged) { return Tensor::ids(ragged.ids, make_splits(ragged.splits)); }

// Each target with <s> in front (what the decoder reads), and with </s> behind (what it must say).
std::pair<Ragged, Ragged> shifted(const Ragged& target, int32_t bos, int32_t eos) {
  std::pair<Ragged, Ragged> out;
  for (int64_t b = 0; b < target.size(); ++b) {
    std::vector<int32_t> ids(target[b].begin(), target[b].end());
    ids.insert(ids.begin(), bos);
    out.first.push_back(ids);
    ids.erase(ids.begin());
    ids.push_back(eos);
    out.second.push_back(ids);
  }
  return out;
}

int64_t sum(const std::vector<int64_t>& x) { return std::accumulate(x.begin(), x.end(), int64_t{0}); }

// A batch for each thread, which then waits for nobody, where each has enough rows for its products to be limited by
// arithmetic; with less all threads share each product, and read the weights together.
int64_t workers_for(int64_t hypotheses) {
  constexpr int64_t enough = 48;
  return std::clamp<int64_t>(hypotheses / enough, 1, threads());
}

// Tokens of each answer that may be expected: as many as its source has, within what is asked for.
std::vector<int64_t> expected(std::vector<int64_t> lengths, const DecodeOptions& options) {
  const int64_t most = options.max_length ? options.max_length : INT64_MAX;
  for (auto& n : lengths) n = std::clamp(n, std::min(options.min_length, most), most);
  return lengths;
}

// Of a batch, </s> counted, at most about `most`: each worker has as many batches as the others, and all are of one
// size.
int64_t tokens_for(const std::vector<int64_t>& answers, int64_t workers, int64_t most) {
  if (answers.empty()) return most;
  const int64_t all = sum(answers) + int64_t(answers.size()), turns = (all + most * workers - 1) / (most * workers);
  return all / (turns * workers) + *std::max_element(answers.begin(), answers.end());
}

// All f(i) for i < n; each of the workers takes the next one when it is done with its last, in the modes of here.
template <class F>
void share(int64_t workers, int64_t n, F&& f) {
  if (workers == 1) {
    for (int64_t i = 0; i < n; ++i) f(i);
    return;
  }
  std::atomic<int64_t> next{0};
  parallel_for(workers, 1, [&, here = modes()](int64_t, int64_t) {
    const Precision precision(here.precision);
    const Deterministic deterministic(here.deterministic);
    for (int64_t i; (i = next++) < n;) f(i);
  });
}

}  // namespace

Translator::Translator(Recipe recipe, Tokenizer source, Tokenizer target, std::unique_ptr<TranslationModel> model)
    : recipe_(std::move(recipe)), source_(std::move(source)), target_(std::move(target)), model_(std::move(model)) {}

Translator::Translator(Recipe recipe, Tokenizer source, Tokenizer target)
    : Translator(std::move(recipe), std::move(source), std::move(target), nullptr) {
  model_ = make_model(recipe_.model, recipe_.architecture, {source_.size(), target_.size()}, recipe_.train.seed);
}

std::string Translator::architecture() const {
  return str("translate ", recipe_.model, " ", Json(recipe_.architecture).dump(), " ", source_.size(), " ",
             target_.size());
}

void Translator::save_description(const std::string& directory) const {
  make_directories(directory);
  Json config =
      Json::object({{"stemma", version},
                    {"task", "translate"},
                    {"vocabularies", Json::object({{"source", source_.size()}, {"target", target_.size()}})}});
  const Json recipe = to_json(recipe_);
  for (const auto& [key, value] : recipe.object()) config[key] = value;
  source_.save(directory, recipe_.text.joint ? "tokenizer" : "source");
  if (!recipe_.text.joint) target_.save(directory, "target");
  write_file(join_path(directory, "config.json"), config.dump(2) + "\n");
}

Translator Translator::load(const std::string& directory) {
  const Recipe recipe = load_recipe(directory);
  const auto tokenizer = [&](const char* name) { return Tokenizer::load(join_path(directory, name)); };
  const Tokenizer source = tokenizer(recipe.text.joint ? "tokenizer" : "source");
  const Tokenizer target = recipe.text.joint ? source : tokenizer("target");
  Translator out(recipe, source, target, nullptr);
  MappedFile file;
  bool made = false;
  const auto map = [&](const Params& wanted) {
    made = true;
    auto mapped = map_tensors(trained_weights(directory), wanted, out.architecture());
    file = mapped.file;
    return mapped.tensors;
  };
  try {
    out.model_ = load_model(recipe.model, recipe.architecture, {source.size(), target.size()}, map);
  } catch (const Error& e) {
    if (made) throw;
    fail(join_path(directory, "config.json"), ": architecture: ", e.what());
  }
  const bool large = file.bytes().size() > (64 << 20);  // what is small need not go page by page
  out.model_->pack([&] {
    if (large) file.let_go();
  });
  return out;
}

std::vector<int32_t> Translator::encode_source(const std::string& line) const {
  return source_ids(source_.encode(line), recipe_.batch);
}

Translation Translator::translation_of(const Hypothesis& h) const {
  Translation out{target_.decode(h.tokens), h.score, h.log_probability, h.tokens, {}};
  for (const int32_t id : h.tokens) out.pieces.push_back(target_.piece(id));
  return out;
}

std::vector<const TranslationModel*> Translator::ensemble(const std::vector<const Translator*>& others) const {
  std::vector<const TranslationModel*> models{model_.get()};
  for (const auto* other : others) {
    check(
        other->source_.fingerprint() == source_.fingerprint() && other->target_.fingerprint() == target_.fingerprint(),
        "an ensemble needs systems of the same vocabularies");
    check(other->recipe_.batch.reverse_source == recipe_.batch.reverse_source,
          "an ensemble needs systems that read the source in the same direction");
    models.push_back(other->model_.get());
  }
  return models;
}

std::vector<std::vector<Translation>> Translator::translate(const std::vector<std::string>& lines,
                                                            const DecodeOptions& options,
                                                            const Together& together) const {
  const auto models = ensemble(together.others);
  const auto prefix = target_.encode(together.prefix);
  std::vector<std::vector<Translation>> out(lines.size());
  std::vector<std::vector<int32_t>> sources;
  std::vector<int64_t> filled, lengths;  // lines that hold anything
  for (size_t i = 0; i < lines.size(); ++i) {
    auto ids = encode_source(lines[i]);
    check(together.max_source == 0 || int64_t(ids.size()) <= together.max_source, ids.size(),
          " tokens are more than --max-source ", together.max_source,
          ": split the line into sentences, or raise --max-source");
    if (ids.size() > (recipe_.batch.source_eos ? 1u : 0u)) {
      filled.push_back(int64_t(i));
      lengths.push_back(int64_t(ids.size()));
    } else {
      out[i] = {Translation{}};
    }
    sources.push_back(std::move(ids));
  }
  const int64_t beam = options.sample ? options.nbest : options.beam,
                workers = workers_for(beam * int64_t(filled.size()));
  BatchOptions budget = recipe_.batch;
  const auto answers = expected(lengths, options);
  budget.tokens = tokens_for(answers, workers, std::max<int64_t>(1, 4096 / (beam * workers)));
  const auto batches = batches_by_length(lengths, answers, budget);
  share(workers, int64_t(batches.size()), [&](int64_t at) {
    const auto& batch = batches[size_t(at)];
    Ragged source;
    DecodeRequest request{.bos = target_.bos(), .eos = target_.eos()};
    for (const int64_t i : batch) {
      source.push_back(sources[size_t(filled[size_t(i)])]);
      request.numbers.push_back(together.first_line + filled[size_t(i)]);
    }
    if (!prefix.empty()) request.prefixes.assign(batch.size(), prefix);
    const auto found = decode(models, tensor_of(source), request, options);
    for (size_t b = 0; b < batch.size(); ++b)
      for (const auto& h : found[b]) out[size_t(filled[size_t(batch[b])])].push_back(translation_of(h));
  });
  return out;
}

std::vector<std::string> Translator::best(const std::vector<std::string>& lines, const DecodeOptions& options) const {
  std::vector<std::string> out;
  for (auto& found : translate(lines, options)) out.push_back(std::move(found.at(0).text));
  return out;
}

std::vector<double> Translator::score(const std::vector<std::string>& source,
                                      const std::vector<std::string>& target) const {
  check(source.size() == target.size(), "score: ", source.size(), " sources for ", target.size(), " targets");
  std::vector<double> out(source.size());
  std::vector<std::vector<int32_t>> s, t;
  std::vector<int64_t> s_lengths, t_lengths;
  for (size_t i = 0; i < source.size(); ++i) {
    s_lengths.push_back(int64_t(s.emplace_back(encode_source(source[i])).size()));
    t_lengths.push_back(int64_t(t.emplace_back(target_.encode(target[i])).size()) + 1);
  }
  for (const auto& batch : batches_by_length(s_lengths, t_lengths, recipe_.batch)) {
    Ragged sources, targets;
    for (const int64_t i : batch) sources.push_back(s[size_t(i)]), targets.push_back(t[size_t(i)]);
    const auto log_p = score_pairs(*model_, tensor_of(sources), tensor_of(targets), target_.bos(), target_.eos());
    auto next = log_p.begin();
    for (const int64_t i : batch) {
      out[size_t(i)] = std::accumulate(next, next + t_lengths[size_t(i)], 0.0);
      next += t_lengths[size_t(i)];
    }
  }
  return out;
}

Traced Translator::trace(const std::string& source, std::span<const int32_t> target) const {
  NoGrad off;
  Traced out;
  Ragged s, t;
  s.push_back(encode_source(source));
  t.push_back(target);
  const auto [in, gold] = shifted(t, target_.bos(), target_.eos());
  out.target_ids = gold.ids;
  for (const int32_t id : s.ids) out.source.push_back(source_.piece(id));
  for (const int32_t id : gold.ids) out.target.push_back(target_.piece(id));
  const auto keep = [&](const std::string& path, const Tensor& x) { out.tensors.push_back({path, x.clone()}); };
  const Listening on(keep);
  const auto state = model_->start(tensor_of(s));
  const Tensor hidden = model_->decode(tensor_of(in), *state);
  const Tensor logits = linear(hidden, model_->output_W(), {.b = model_->output_b()});
  keep("logits", logits);
  keep("log_p", log_softmax(logits));
  return out;
}

Explanation Translator::explain(const std::string& source, std::span<const int32_t> target) const {
  const Traced traced = trace(source, target);
  Explanation out{traced.source, traced.target, {}, {}};
  const auto row_map = [&](const std::string& name, int64_t head, const Tensor& w) {  // a step's row joins its matrix
    for (auto& map : out.maps)
      if (map.name == name && map.head == head) return void(map.weights = vstack({map.weights, w}));
    out.maps.push_back({name, head, w});
  };
  NoGrad off;
  for (const auto& [path, A] : traced.tensors) {
    if (!path.ends_with("attention")) continue;
    const std::string name = path == "decoder.attention" ? path : path.substr(0, path.rfind('.'));
    const int64_t queries = path == "decoder.attention"    ? A.rows()
                            : name.starts_with("encoder.") ? int64_t(out.source.size())
                                                           : int64_t(out.target.size());
    const int64_t heads = A.rows() / queries;
    for (int64_t head = 0; head < heads; ++head) {
      Tensor w(queries, A.cols());
      for (int64_t q = 0; q < queries; ++q)
        std::copy_n(A.data() + (q * heads + head) * A.cols(), A.cols(), w.data() + q * A.cols());
      row_map(name, head, w);
    }
  }
  const Tensor& log_p = traced.tensors.back().value;
  for (size_t i = 0; i < traced.target_ids.size(); ++i)
    out.log_p.push_back(log_p.data()[int64_t(i) * log_p.cols() + traced.target_ids[i]]);
  return out;
}

Loss Translator::loss(const ParallelBatch& batch, float smoothing) const {
  const auto [in, out] = shifted(batch.target, target_.bos(), target_.eos());
  const auto state = model_->start(tensor_of(batch.source));
  const Tensor hidden = model_->decode(tensor_of(in), *state);
  const auto loss = cross_entropy(hidden, model_->output_W(), model_->output_b(), Tensor::ids(out.ids), smoothing);
  return {loss.total, loss.nll, loss.correct};
}

Translator::Fit Translator::fit(const TokenPairs& pairs) const {
  NoGrad off;
  Fit out;
  double nll = 0;
  BatchOptions options = recipe_.batch;
  options.truncate = true;
  for (const auto& index : batches_by_length(pairs, options)) {
    const auto batch = gather(pairs, index, options);
    const Loss loss = this->loss(batch, 0);
    nll += loss.nll;
    out.correct += loss.correct;
    out.tokens += int64_t(batch.target.ids.size()) + batch.target.size();
  }
  out.loss = nll / double(std::max<int64_t>(out.tokens, 1));
  return out;
}

}  // namespace stemma
