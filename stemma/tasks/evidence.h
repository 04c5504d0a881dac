// What of a text spoke for an answer: for the views.
#pragma once
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/text/lexer.h"

namespace stemma {

// A word (or n-gram) of a document and what it adds to the answer.
struct Evidence {
  std::string text;
  int64_t begin = -1, end = -1;  // bytes of the document it came from; -1: a feature without a place
  double weight = 0;
  int64_t document = 0;  // which of the texts
  FIELDS(text, begin, end, weight, document)
};

// Of each document the tokens and their weights, as many as there are of both.
std::vector<Evidence> evidence_of(const Lexer& lexer, const std::vector<std::string>& documents,
                                  const std::vector<std::vector<double>>& weights);

}  // namespace stemma
