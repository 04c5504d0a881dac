// Word vectors in files of any maker: fastText (.bin, .ftz), word2vec binary and text (also fastText's .vec), GloVe's
// text. What a file is follows from its content. Nothing is allocated that the file does not hold.
#pragma once
#include <string>

#include "stemma/vectors/vector_model.h"

namespace stemma {

// A file, or the model in a directory that `stemma train vectors` wrote. Text may be .gz. Error: file, and line or
// word, of what is cut short, not a number, not finite or of another dimension.
VectorModel load_vectors(const std::string& path);

enum class VectorFormat { fasttext, text, binary, glove };
VectorFormat vector_format(const std::string& name);  // fasttext | text | binary | glove; Error names the nearest
// All but fasttext keep the vectors of words alone. A word with white space in it cannot be written to them: Error.
void save_vectors(const VectorModel& model, const std::string& path, VectorFormat format);

// The vectors of all words, [words, dimension]; shares the input table where words have no n-grams.
VectorTable word_vectors(const VectorModel& model);

}  // namespace stemma
