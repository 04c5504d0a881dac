#include "stemma/data/label_set.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

bool is_whole(const std::string& name) {
  const auto digits = name.find_first_not_of("0123456789", name.starts_with('-'));
  return digits == name.npos && name.size() > name.starts_with('-') && name.size() < 18;
}

bool before(const std::string& a, const std::string& b) {
  const auto x = std::stoll(a), y = std::stoll(b);
  return x != y ? x < y : a < b;
}

}  // namespace

LabelSet::LabelSet(std::vector<std::string> names) {
  if (std::all_of(names.begin(), names.end(), is_whole))
    std::sort(names.begin(), names.end(), before);
  else
    std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  *this = in_order(std::move(names));
}

LabelSet LabelSet::in_order(std::vector<std::string> names) {
  LabelSet out;
  for (auto& name : names) {
    check(!name.empty(), "label ", out.size() + 1, " has no name");
    check(out.ids_.emplace(name, int32_t(out.size())).second, "label '", name, "' is there twice");
    out.names_.push_back(std::move(name));
  }
  return out;
}

LabelSet LabelSet::load(const std::string& path) {
  std::vector<std::string> names;
  StringMap<int64_t> seen;
  LineReader lines(path);
  for (std::string line; lines.next(line); names.push_back(line)) {
    const auto where = str(path, ":", lines.line_number());
    check_utf8(line, where);
    check(!line.empty(), where, ": a label without a name");
    const auto [first, added] = seen.emplace(line, lines.line_number());
    check(added, where, ": label '", line, "' is in line ", first->second, " already");
  }
  return in_order(std::move(names));
}

void LabelSet::save(const std::string& path) const {
  std::string text;
  for (const auto& name : names_) {
    check(name.find_first_of("\r\n") == name.npos, path, ": label ", Json(name), " has a newline in its name");
    text += name + "\n";
  }
  write_file(path, text);
}

LabelSet LabelSet::from_json(const Json& list, std::string_view where) {
  std::vector<std::string> names;
  read(list, names, std::string(where));
  return in_order(std::move(names));
}

std::string LabelSet::in_short() const {
  constexpr size_t most = 8;
  std::string out = str(size(), ": ");
  for (size_t j = 0; j < std::min(names_.size(), most); ++j) out += str(j ? ", " : "", names_[j]);
  return out + (names_.size() > most ? ", ..." : "");
}

const std::string& LabelSet::name(int32_t id) const {
  check(id >= 0 && id < size(), "label ", id, " is not between 0 and ", size() - 1);
  return names_[size_t(id)];
}

int32_t LabelSet::find(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? -1 : found->second;
}

int32_t LabelSet::id(std::string_view name, std::string_view where) const {
  const auto id = find(name);
  check(id >= 0, where, ": label '", name, "' was not seen in training", suggestion(name, names_));
  return id;
}

}  // namespace stemma
