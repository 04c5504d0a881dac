// A list of words or characters with their counts; ids are places in the list. 0 <unk>, 1 <s>, 2 </s>, as in
// SentencePiece. No padding token: batches are ragged.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stemma {

inline constexpr int32_t unk_id = 0, bos_id = 1, eos_id = 2;

// Transparent hashing: look-ups by string_view make no string.
struct StringHash : std::hash<std::string_view> {
  using is_transparent = void;
};
template <class T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

class Vocabulary {
 public:
  Vocabulary();  // the three specials alone
  struct Limits {
    int64_t min_count = 1, max_size = 0;  // max_size counts the specials; 0: no limit
  };
  // By falling count, ties by bytes: the order of counting never matters.
  static Vocabulary build(const StringMap<int64_t>& counts, const Limits& limits);
  // A text file: "token<TAB>count" a line. Errors name file and line.
  static Vocabulary load(const std::string& path);
  void save(const std::string& path) const;
  std::string text() const;  // what `save` writes

  int64_t size() const { return int64_t(tokens_.size()); }
  const std::string& token(int32_t id) const;  // Error when out of range
  int64_t count(int32_t id) const;
  int32_t id(std::string_view token) const;  // unk_id when absent

 private:
  void add(std::string token, int64_t count);
  std::vector<std::string> tokens_;
  std::vector<int64_t> counts_;
  StringMap<int32_t> ids_;
};

}  // namespace stemma
