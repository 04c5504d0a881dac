// How good word vectors are: analogy questions (questions-words.txt and its like) and word pairs with human ratings.
#pragma once
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/vectors/neighbours.h"

namespace stemma {

struct AnalogySection {
  std::string name;
  int64_t questions = 0;  // in the file
  int64_t asked = 0;      // all four words are known
  int64_t right = 0;
  FIELDS(name, questions, asked, right)
};
struct SimilarityScore {
  int64_t pairs = 0, known = 0;
  double spearman = 0, pearson = 0;  // of cosine and rating, over the known pairs
  FIELDS(pairs, known, spearman, pearson)
};

// A file whose lines are ": section" or four words is one of analogies; "word word rating" lines are pairs (white
// space, tabs or commas between). Error: file and line of anything else.
enum class EvaluationKind { analogies, similarity };
EvaluationKind evaluation_kind(const std::string& path);

struct AnalogyOptions {
  Neighbours::Analogy how = Neighbours::Analogy::add;
  int64_t among = 300'000;  // answers and words are looked for among so many frequent words; 0: all
};
// A word that is not known is asked for in lower case. The answer is the nearest word that is not in the question.
std::vector<AnalogySection> evaluate_analogies(const Neighbours& vectors, const std::string& path,
                                               const AnalogyOptions& options = {});
// What sections say together: "semantic" and "syntactic", whose names begin with "gram", where there are both; "all".
std::vector<AnalogySection> sums_of(const std::vector<AnalogySection>& sections);
SimilarityScore evaluate_similarity(const Neighbours& vectors, const std::string& path);

}  // namespace stemma
