// Names of classes or tags <-> ids. Sorted by bytes (by value when all are whole numbers), so the ids do not depend on
// the order of rows.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/text/vocabulary.h"

namespace stemma {

class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(std::vector<std::string> names);  // sorted here; names may repeat
  // Ids are places in this list. Error when a name is empty or twice there.
  static LabelSet in_order(std::vector<std::string> names);
  // A plain file, one name a line, ids in this order. Error when a line is empty or twice there, or not UTF-8.
  static LabelSet load(const std::string& path);
  void save(const std::string& path) const;
  static LabelSet from_json(const Json& list, std::string_view where);  // ["business", "sports"]
  Json to_json() const { return names_; }

  int64_t size() const { return int64_t(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  std::string in_short() const;               // "4: Business, Sci/Tech, Sports, World"; of many the first eight
  const std::string& name(int32_t id) const;  // Error when out of range
  int32_t find(std::string_view name) const;  // -1 when absent
  // Error "WHERE: label 'sport' was not seen in training (did you mean 'sports'?)".
  int32_t id(std::string_view name, std::string_view where) const;
  bool operator==(const LabelSet& other) const { return names_ == other.names_; }

 private:
  std::vector<std::string> names_;
  StringMap<int32_t> ids_;
};

}  // namespace stemma
