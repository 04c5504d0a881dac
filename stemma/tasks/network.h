// How the network of a task on texts begins, and how a trained one comes back.
#pragma once
#include <functional>
#include <string>

#include "stemma/tasks/lesson.h"

namespace stemma {

using WalkAll = std::function<void(const ParamFn&)>;

struct NetworkBegin {
  const TaskRecipe& recipe;
  const Lexer& lexer;
  const std::string& directory;
  bool resume = false;
};
// Weights are drawn by recipe.train.seed; words that the file recipe.vectors knows begin with its vectors (any format
// of vectors/vector_file.h), unless a run goes on, whose checkpoint holds them. Error: vectors of another dimension, an
// encoder without an embedding of words.
void begin_weights(const WalkAll& walk, const NetworkBegin& begin, const TaskCallbacks& calls);

// Parameters that were made Unfilled come to lie in the mapped file `path`, as trained_weights (train/checkpoint.h)
// names it.
void load_weights(const std::string& path, const std::string& architecture, const WalkAll& walk);

// Gradient x input (Simonyan et al. 2014; Denil et al. 2014), after backward: for each row that an InputProbe saw, how
// much the result would fall, to first order, if the row were zero.
std::vector<double> gradient_times_input(const Tensor& rows);

}  // namespace stemma
