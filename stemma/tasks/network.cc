#include "stemma/tasks/network.h"

#include <algorithm>

#include "stemma/train/checkpoint.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

// How many words of the lexer the file knew.
int64_t begin_with_vectors(const std::string& file, const Lexer& lexer, const Params& params) {
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

}  // namespace

void begin_weights(const WalkAll& walk, const NetworkBegin& begin, const TaskCallbacks& calls) {
  const auto& [recipe, lexer, directory, resume] = begin;
  initialise(walk, recipe.train.seed);
  if (recipe.vectors.empty() || (resume && Trainer::can_resume(directory))) return;
  const int64_t known = begin_with_vectors(recipe.vectors, lexer, unique_params(walk));
  if (calls.say) calls.say(str(known, " of ", lexer.size(), " words begin with the vectors in ", recipe.vectors));
}

void load_weights(const std::string& path, const std::string& architecture, const WalkAll& walk) {
  replace(walk, map_tensors(path, unique_params(walk), architecture).tensors);
}

std::vector<double> gradient_times_input(const Tensor& rows) {
  const Tensor d = grad(rows);
  std::vector<double> out(static_cast<size_t>(rows.rows()));
  for (int64_t i = 0; i < rows.rows(); ++i)
    for (int64_t j = 0; j < rows.cols(); ++j)
      out[size_t(i)] += double(rows.data()[i * rows.cols() + j]) * double(d.data()[i * rows.cols() + j]);
  return out;
}

}  // namespace stemma
