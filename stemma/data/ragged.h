// Sequences end to end: sequence i is ids[splits[i], splits[i + 1]). No padding anywhere.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

struct Ragged {
  std::vector<int32_t> ids;
  std::vector<int64_t> splits = {0};

  int64_t size() const { return int64_t(splits.size()) - 1; }
  std::span<const int32_t> operator[](int64_t i) const {
    return {ids.data() + splits[i], size_t(splits[i + 1] - splits[i])};
  }
  void push_back(std::span<const int32_t> sequence) {
    ids.insert(ids.end(), sequence.begin(), sequence.end());
    splits.push_back(int64_t(ids.size()));
  }
  bool operator==(const Ragged&) const = default;
};

}  // namespace stemma
