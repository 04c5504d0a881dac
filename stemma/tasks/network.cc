#include "stemma/tasks/network.h"

#include <algorithm>

#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

TextNetwork::TextNetwork(const TaskRecipe& recipe, Lexer lexer)
    : lexer_(std::move(lexer)),
      encoder_(make_encoder(recipe.encoder, recipe.architecture, {lexer_.size(), lexer_.letter_count()})),
      reads_letters_(reads_letters(recipe.architecture)) {}

void TextNetwork::mark(const TaskRecipe& recipe, const Mark& mark) {
  task_ = mark.task;
  architecture_ = str(mark.task, " ", recipe.encoder, " ", recipe.architecture.dump(), " ", mark.head, " ",
                      lexer_.size(), " ", lexer_.letter_count(), mark.outputs.empty() ? "" : " ", mark.outputs);
}

Params TextNetwork::params() const {
  return unique_params([this](const ParamFn& f) { const_cast<TextNetwork*>(this)->walk(f); });
}

EncodedTexts TextNetwork::no_texts() const {
  EncodedTexts none;
  none.with_letters = reads_letters_, none.longest = encoder_->longest();
  return none;
}

Lesson TextNetwork::lesson(const NetworkRun& run) const {
  Lesson out;
  out.plan.task = task_, out.plan.vocabulary = lexer_.size();
  out.params = params(), out.architecture = architecture_;
  out.save = [this, directory = run.directory] { lexer_.save(directory); };
  return out;
}

// ---- weights --------------------------------------------------------------------------------------------------------
// How many words of the lexer the file knew.
static int64_t begin_with_vectors(const std::string& file, const Lexer& lexer, const Params& params) {
  const VectorModel vectors = load_vectors(file);
  int64_t known = 0;
  bool found = false;
  for (const auto& p : params) {
    if (p.name != "encoder.input.tuned.E" && p.name != "encoder.input.fixed.E") continue;
    found = true, known = 0;
    check(p.w.cols() == vectors.dimension(), "the vectors in ", file, " have ", vectors.dimension(),
          " numbers, but embedding = ", p.w.cols(), "; --set embedding=", vectors.dimension());
    for (int32_t id = eos_id + 1; id < lexer.size(); ++id) {
      if (!vectors.knows(lexer.piece(id))) continue;
      const auto v = vectors.word_vector(lexer.piece(id));
      std::copy(v.begin(), v.end(), p.w.data() + int64_t(id) * p.w.cols());
      ++known;
    }
  }
  check(found, "the encoder has no embedding of words that could begin with the vectors in ", file);
  return known;
}

void TextNetwork::begin(const NetworkRun& run, const TaskCallbacks& calls) {
  const auto& [recipe, directory, resume] = run;
  initialise([this](const ParamFn& f) { walk(f); }, recipe.train.seed);
  if (recipe.vectors.empty() || (resume && Trainer::can_resume(directory))) return;
  const int64_t known = begin_with_vectors(recipe.vectors, lexer_, params());
  if (calls.say) calls.say(str(known, " of ", lexer_.size(), " words begin with the vectors in ", recipe.vectors));
}

void TextNetwork::load(const std::string& path) {
  replace([this](const ParamFn& f) { walk(f); }, map_tensors(path, params(), architecture_).tensors);
}

// ---- beginning ------------------------------------------------------------------------------------------------------
Lexer begin_lexer(const NetworkRun& run, const std::function<Lexer()>& learn) {
  return run.resume && exists(join_path(run.directory, "lexer.json")) ? Lexer::load(run.directory) : learn();
}

Lexer begin_lexer(const NetworkRun& run, const std::vector<std::string_view>& texts) {
  return begin_lexer(run, [&] {
    size_t i = 0;
    return Lexer::train(run.recipe.text,
                        [&](std::string& text) { return i < texts.size() && (text = texts[i++], true); });
  });
}

void check_pooling(const std::string& pooling) {
  check_choice("head.pooling", pooling, {"auto", "last", "first", "max", "mean", "attention"});
}

Pooling make_pooling(const std::string& pooling, const Encoder& encoder, int64_t attention_width) {
  return Pooling({.pooling = pooling == "auto" ? encoder.pooling() : pooling,
                  .width = encoder.width(),
                  .attention_width = attention_width,
                  .backwards = encoder.backwards()});
}

// ---- why ------------------------------------------------------------------------------------------------------------
static std::vector<double> gradient_times_input(const Tensor& rows) {
  const Tensor d = grad(rows);
  std::vector<double> out(static_cast<size_t>(rows.rows()));
  for (int64_t i = 0; i < rows.rows(); ++i)
    for (int64_t j = 0; j < rows.cols(); ++j)
      out[size_t(i)] += double(rows.data()[i * rows.cols() + j]) * double(d.data()[i * rows.cols() + j]);
  return out;
}

std::vector<std::vector<double>> influences(const std::function<Tensor()>& score) {
  const Evaluating on;
  const Recording tape;
  const InputProbe probe;
  backward(score());
  std::vector<std::vector<double>> out;
  for (const Tensor& rows : probe.inputs()) out.push_back(gradient_times_input(rows));
  return out;
}

}  // namespace stemma
