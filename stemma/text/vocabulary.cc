#include "stemma/text/vocabulary.h"

#include <algorithm>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {
constexpr std::string_view specials[] = {"<unk>", "<s>", "</s>"};
}

Vocabulary::Vocabulary() {
  for (const auto special : specials) add(std::string(special), 0);
}

void Vocabulary::add(std::string token, int64_t count) {
  ids_.emplace(token, int32_t(tokens_.size()));
  tokens_.push_back(std::move(token));
  counts_.push_back(count);
}

Vocabulary Vocabulary::build(const StringMap<int64_t>& counts, const Limits& limits) {
  Vocabulary out;
  const auto room = limits.max_size - out.size();
  check(limits.max_size == 0 || room > 0, "vocabulary: max size ", limits.max_size, " leaves no room beside the ",
        out.size(), " specials");
  std::vector<std::pair<std::string_view, int64_t>> kept;
  for (const auto& [token, count] : counts)
    if (count >= limits.min_count && !out.ids_.contains(token)) kept.emplace_back(token, count);
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (limits.max_size > 0 && int64_t(kept.size()) > room) kept.resize(size_t(room));
  for (const auto& [token, count] : kept) out.add(std::string(token), count);
  return out;
}

Vocabulary Vocabulary::load(const std::string& path) {
  Vocabulary out;
  LineReader reader(path);
  std::string line;
  while (reader.next(line)) {
    const auto where = str(path, ":", reader.line_number());
    check_utf8(line, where);
    const auto tab = line.find('\t');
    check(tab != line.npos && tab > 0, where, ": expected \"token<TAB>count\"");
    int64_t count = 0;
    const auto end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data() + tab + 1, end, count);
    check(error == std::errc() && stop == end && count >= 0, where, ": the count is not a whole number");
    auto token = line.substr(0, tab);
    if (const auto n = size_t(reader.line_number()); n <= std::size(specials)) {
      check(token == specials[n - 1], where, ": expected ", specials[n - 1], ", found ", token);
      continue;
    }
    check(!out.ids_.contains(token), where, ": '", token, "' appears twice");
    out.add(std::move(token), count);
  }
  check(reader.line_number() >= int64_t(std::size(specials)), path, ": the vocabulary is cut short");
  return out;
}

void Vocabulary::save(const std::string& path) const { write_file(path, text()); }

std::string Vocabulary::text() const {
  std::string out;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    check(!tokens_[i].empty() && tokens_[i].find_first_of("\t\n") == std::string::npos, "vocabulary: token ", i,
          " is empty or holds a tab or a newline");
    out += str(tokens_[i], "\t", counts_[i], "\n");
  }
  return out;
}

const std::string& Vocabulary::token(int32_t id) const {
  check(id >= 0 && id < size(), "vocabulary: id ", id, " is not below ", size());
  return tokens_[size_t(id)];
}
int64_t Vocabulary::count(int32_t id) const {
  check(id >= 0 && id < size(), "vocabulary: id ", id, " is not below ", size());
  return counts_[size_t(id)];
}
int32_t Vocabulary::id(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? unk_id : found->second;
}

}  // namespace stemma
