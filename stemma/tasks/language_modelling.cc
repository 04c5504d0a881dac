#include "stemma/tasks/language_modelling.h"

#include <algorithm>

#include "stemma/base/files.h"
#include "stemma/base/version.h"
#include "stemma/models/registry.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

LanguageRecipe::LanguageRecipe() {
  text.kind = "bpe", text.normalize = "nfc", text.shrink = true;
  train.label_smoothing = 0;
  train.optimizer.beta2 = 0.999, train.optimizer.epsilon = 1e-8;
  train.schedule.name = "constant", train.schedule.rate = 2e-3, train.schedule.warmup = 100;
  decode.beam = 1, decode.sample = true, decode.max_length = 200, decode.length_penalty = 0;
}

void LanguageRecipe::validate() const {
  batch.validate(), train.validate(), decode.validate();
  check(train.stop_on == "loss", "train.stop_on = ", train.stop_on, ": a language model has its loss alone");
}

RecipeTree begin_language_recipe(const std::string& model, const std::string& preset) {
  LanguageRecipe defaults;
  const Preset* chosen = preset.empty() ? nullptr : &find_preset(preset, language_presets());
  if (chosen) defaults.preset = chosen->name;
  if (!model.empty() || chosen) defaults.model = !model.empty() ? model : chosen->model;
  // Recurrent models differ in their cell alone, so their presets are good for each other.
  check(!chosen || (chosen->model == "transformer") == (defaults.model == "transformer"), "preset ", preset,
        " is for the model ", chosen ? chosen->model : "", ", not ", model);
  defaults.architecture = default_language_config(defaults.model);
  RecipeTree tree(to_json(defaults));
  if (chosen) tree.apply(*chosen);
  return tree;
}

LanguageRecipe load_language_recipe(const std::string& directory) {
  const Config config = read_config(directory);
  check(config.task == "lm", config.path, ": not a language model but one for the task '", config.task, "'");
  return from_json<LanguageRecipe>(config.recipe, config.path);
}

LanguageSystem::LanguageSystem(LanguageRecipe recipe, Tokenizer tokenizer, std::unique_ptr<LanguageModel> model)
    : recipe_(std::move(recipe)), tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

LanguageSystem::LanguageSystem(LanguageRecipe recipe, Tokenizer tokenizer)
    : LanguageSystem(std::move(recipe), std::move(tokenizer), nullptr) {
  model_ = make_language_model(recipe_.model, recipe_.architecture, tokenizer_.size(), recipe_.train.seed);
}

std::string LanguageSystem::architecture() const {
  return str("lm ", recipe_.model, " ", recipe_.architecture, " ", tokenizer_.size());
}

void LanguageSystem::save_description(const std::string& directory) const {
  make_directories(directory);
  Json config = Json::object(
      {{"stemma", version}, {"task", "lm"}, {"vocabularies", Json::object({{"text", tokenizer_.size()}})}});
  const Json recipe = to_json(recipe_);
  for (const auto& [key, value] : recipe.object()) config[key] = value;
  tokenizer_.save(directory);
  write_file(join_path(directory, "config.json"), config.dump(2) + "\n");
}

LanguageSystem LanguageSystem::load(const std::string& directory, For use) {
  const LanguageRecipe recipe = load_language_recipe(directory);
  LanguageSystem out(recipe, Tokenizer::load(directory), nullptr);
  const std::string weights = trained_weights(directory);
  if (use == For::training) {
    out.model_ = make_language_model(recipe.model, recipe.architecture, out.tokenizer_.size(), 1);
    load_tensors(weights, out.model_->params(), out.architecture());
    return out;
  }
  MappedFile file;
  out.model_ = load_language_model(recipe.model, recipe.architecture, out.tokenizer_.size(), [&](const Params& wanted) {
    auto mapped = map_tensors(weights, wanted, out.architecture());
    file = mapped.file;
    return mapped.tensors;
  });
  out.model_->pack([&] { file.let_go(); });
  return out;
}

int64_t LanguageSystem::window() const {
  const int64_t longest = model_->longest(), length = recipe_.batch.length;
  return longest ? std::min(longest, length) : length;
}

std::vector<int32_t> LanguageSystem::encode_open(std::string_view text) const {
  std::vector<int32_t> ids;
  for (size_t begin = 0, end; begin <= text.size(); begin = end + 1) {
    if (begin > 0) ids.push_back(tokenizer_.eos());
    end = std::min(text.find('\n', begin), text.size());
    const auto line = tokenizer_.encode(text.substr(begin, end - begin));
    ids.insert(ids.end(), line.begin(), line.end());
  }
  return ids;
}

std::string LanguageSystem::decode(std::span<const int32_t> ids) const {
  std::string out;
  for (auto begin = ids.begin();; ++begin) {
    const auto end = std::find(begin, ids.end(), tokenizer_.eos());
    out += tokenizer_.decode({begin, end});
    if (end == ids.end()) return out;
    out += "\n", begin = end;
  }
}

// ---- reading a text ------------------------------------------------------------------------------------------------
namespace {

struct Piece {  // of a text: read from `begin`, counted from `from`
  int64_t begin, from, end;
};

std::vector<Piece> pieces_of(const LanguageSystem& system, int64_t n, int64_t streams) {
  std::vector<Piece> out;
  if (!system.carries()) {
    const int64_t window = system.window(), stride = std::max<int64_t>(window / 2, 1);
    for (int64_t from = 0; from < n;) {
      const int64_t end = std::min(n, from ? from + stride : window);
      out.push_back({std::max<int64_t>(end - window, 0), from, end});
      from = end;
    }
    return out;
  }
  const int64_t early = 4 * system.recipe().batch.length;
  const int64_t parts = std::clamp<int64_t>(n / (4 * early), 1, streams);
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t from = i * n / parts;
    out.push_back({std::max<int64_t>(from - early, 0), from, (i + 1) * n / parts});
  }
  return out;
}

// Calls use(hidden rows, their places in the text) for all places, of a few pieces side by side, in order.
template <class Use>
void read(const LanguageSystem& system, std::span<const int32_t> ids, const std::vector<Piece>& pieces, Use&& use) {
  const NoGrad off;
  const int64_t chunk = system.carries() ? std::max<int64_t>(system.recipe().batch.length, 64) : system.window();
  const size_t together = system.carries() ? pieces.size() : size_t(std::max<int64_t>(2048 / chunk, 1));
  for (size_t first = 0; first < pieces.size(); first += together) {
    const std::span group(pieces.data() + first, std::min(together, pieces.size() - first));
    const auto state = system.model().start();
    for (int64_t step = 0;; ++step) {
      std::vector<int32_t> in;
      std::vector<int64_t> lengths, places, rows;
      for (const Piece& p : group) {
        const int64_t begin = std::min(p.begin + step * chunk, p.end), end = std::min(begin + chunk, p.end);
        for (int64_t i = begin; i < end; ++i) {
          if (i >= p.from) rows.push_back(int64_t(in.size())), places.push_back(i);
          in.push_back(i ? ids[size_t(i) - 1] : system.tokenizer().eos());
        }
        lengths.push_back(end - begin);
      }
      if (in.empty()) break;
      const Tensor hidden = system.model().read(Tensor::ids(in, splits_of_lengths(lengths)), *state).hidden;
      if (!rows.empty()) use(rows.size() == in.size() ? hidden : gather(hidden, rows), places);
    }
  }
}

Tensor wanted(std::span<const int32_t> ids, const std::vector<int64_t>& places) {
  std::vector<int32_t> out;
  for (const int64_t i : places) out.push_back(ids[size_t(i)]);
  return Tensor::ids(out);
}

}  // namespace

Fit LanguageSystem::fit(std::span<const int32_t> ids, int64_t streams) const {
  Fit out;
  read(*this, ids, pieces_of(*this, int64_t(ids.size()), streams), [&](const Tensor& hidden, const auto& places) {
    const auto loss = cross_entropy(hidden, model_->output_W(), model_->output_b(), wanted(ids, places));
    out.nll += loss.nll, out.correct += loss.correct, out.tokens += int64_t(places.size());
  });
  return out;
}

Scored LanguageSystem::score(std::span<const int32_t> ids, int64_t alternatives) const {
  Scored out{{ids.begin(), ids.end()}, {}, std::vector<float>(ids.size()), {}};
  for (const int32_t id : ids) out.pieces.push_back(id == tokenizer_.eos() ? "\n" : tokenizer_.piece(id));
  out.best.resize(alternatives ? ids.size() : 0);
  read(*this, ids, pieces_of(*this, int64_t(ids.size()), 1), [&](const Tensor& hidden, const auto& places) {
    const Tensor logits = linear(hidden, model_->output_W(), {.b = model_->output_b()});
    const int64_t k = std::clamp<int64_t>(alternatives, 1, logits.cols());
    const TopRows top = top_rows(logits, k);
    for (size_t i = 0; i < places.size(); ++i) {
      const auto place = size_t(places[i]);
      const float* row = logits.data() + int64_t(i) * logits.cols();
      out.log_p[place] = row[ids[place]] - top.log_sum[i];
      for (int64_t j = 0; alternatives && j < k; ++j)
        if (const int32_t id = top.columns[i * size_t(k) + size_t(j)]; id >= 0)
          out.best[place].push_back({id == tokenizer_.eos() ? "\n" : tokenizer_.piece(id), row[id] - top.log_sum[i]});
    }
  });
  return out;
}

// ---- writing one ---------------------------------------------------------------------------------------------------
namespace {

class Writer {
 public:
  Writer(const LanguageSystem& system, std::vector<std::vector<int32_t>> texts)
      : system_(system), texts_(std::move(texts)) {
    reread();
  }
  // Hidden rows of hypotheses that have taken tokens[i] and continue parents[i].
  const Tensor& advance(const Advance& next) {
    std::vector<std::vector<int32_t>> moved;
    for (const int64_t p : next.parents) moved.push_back(texts_[size_t(p)]);
    texts_ = std::move(moved);
    state_->reorder(next.parents);
    if (std::exchange(begun_, true)) {
      for (size_t i = 0; i < texts_.size(); ++i) texts_[i].push_back(next.tokens[i]);
      step(next.tokens);
    } else {
      hidden_ = gather(hidden_, next.parents);  // the prompts are read: the first tokens follow them
    }
    return hidden_;
  }

 private:
  void step(const std::vector<int32_t>& tokens) {
    const auto full = [&](const auto& text) { return int64_t(text.size()) > system_.window(); };
    if (!system_.carries() && std::any_of(texts_.begin(), texts_.end(), full)) return reread();
    const auto splits = splits_of_lengths(std::vector<int64_t>(tokens.size(), 1));
    hidden_ = system_.model().read(Tensor::ids(tokens, splits), *state_).hidden;
    if (system_.carries())
      for (auto& text : texts_) text.clear();  // the state knows it
  }
  void reread() {
    std::vector<int32_t> ids;
    std::vector<int64_t> lengths;
    for (auto& text : texts_) {
      const int64_t n = int64_t(text.size());
      if (!system_.carries() && n > system_.window())
        text.erase(text.begin(), text.end() - std::max<int64_t>(system_.window() / 2, 1));
      ids.insert(ids.end(), text.begin(), text.end());
      lengths.push_back(int64_t(text.size()));
    }
    state_ = system_.model().start();
    hidden_ = last_rows(system_.model().read(Tensor::ids(ids, splits_of_lengths(lengths)), *state_).hidden);
  }
  const LanguageSystem& system_;
  std::vector<std::vector<int32_t>> texts_;  // as far as a window needs them
  std::unique_ptr<DecoderState> state_;
  Tensor hidden_;
  bool begun_ = false;
};

}  // namespace

System continuing(const LanguageSystem& system, const std::vector<std::vector<int32_t>>& prompts) {
  const NoGrad off;
  const auto writer = std::make_shared<Writer>(system, prompts);
  return [writer, &system](const Advance& next) {
    const NoGrad off;
    const Tensor& hidden = writer->advance(next);
    return Advanced{linear(hidden, system.model().output_W(), {.b = system.model().output_b()}), {}};
  };
}

}  // namespace stemma
