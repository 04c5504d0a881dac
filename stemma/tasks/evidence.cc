#include "stemma/tasks/evidence.h"

#include <algorithm>

namespace stemma {

std::vector<Evidence> evidence_of(const Lexer& lexer, const std::vector<std::string>& documents,
                                  const std::vector<std::vector<double>>& weights) {
  std::vector<Evidence> out;
  for (size_t d = 0; d < std::min(documents.size(), weights.size()); ++d) {
    const Lexed tokens = lexer.lex(documents[d]);
    for (size_t i = 0; i < std::min(tokens.ids.size(), weights[d].size()); ++i) {
      const int64_t begin = tokens.begin[i], end = tokens.end[i];
      out.push_back({documents[d].substr(size_t(begin), size_t(end - begin)), begin, end, weights[d][i], int64_t(d)});
    }
  }
  return out;
}

}  // namespace stemma
