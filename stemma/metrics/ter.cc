#include "stemma/metrics/ter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "stemma/metrics/tokenize.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

// Tercom's limits, and sacreBLEU's on the shifts tried for one sentence.
constexpr int64_t max_shift_length = 10, max_shift_distance = 50, min_beam = 25, max_tried = 1000;
constexpr int64_t max_cells = int64_t{1} << 26;  // of the distance matrix: 8,192 words against as many
constexpr int32_t infinity = 1 << 30;

// Which words of both are wrong, and where in the hypothesis each word of the reference stands (or the last before).
struct Alignment {
  std::vector<char> hypothesis_wrong, reference_wrong;
  std::vector<int64_t> position;
};

// Levenshtein distance of word sequences of one length to one reference, in a band around the diagonal. Keeps the
// matrix of the last `set`, so that a sequence with the same beginning costs only the rows after it.
class EditDistance {
 public:
  EditDistance(const std::vector<int>& hypothesis, const std::vector<int>& reference)
      : reference_(reference), columns_(int64_t(reference.size()) + 1), rows_(int64_t(hypothesis.size()) + 1) {
    const double n = double(reference.size());
    ratio_ = hypothesis.empty() ? 1 : n / double(hypothesis.size());
    beam_ = min_beam < ratio_ / 2 ? int64_t(std::ceil(ratio_ / 2 + min_beam)) : min_beam;
    check(rows_ <= max_cells / columns_, "TER: lines of ", rows_ - 1, " and ", columns_ - 1,
          " words are too long to align");
    cost_.assign(size_t(rows_ * columns_), infinity);
    std::iota(cost_.begin(), cost_.begin() + columns_, 0);
    set(hypothesis);
  }

  void set(const std::vector<int>& words) { words_ = words, fill(cost_, words, 0), trial_ = cost_; }
  int64_t distance() const { return cost_.back(); }
  // Of `words`, whose first `same` words are those last set.
  int64_t distance(const std::vector<int>& words, int64_t same) { return fill(trial_, words, same), trial_.back(); }
  Alignment align() const;

 private:
  template <class Matrix>
  auto& at(Matrix& matrix, int64_t i, int64_t j) const {
    return matrix[size_t(i * columns_ + j)];
  }
  void fill(std::vector<int32_t>& matrix, const std::vector<int>& words, int64_t same) const;

  std::vector<int> words_;
  const std::vector<int>& reference_;
  int64_t columns_, rows_, beam_;
  double ratio_;
  std::vector<int32_t> cost_, trial_;
};

void EditDistance::fill(std::vector<int32_t>& matrix, const std::vector<int>& words, int64_t same) const {
  // `trial_` keeps rows of an earlier trial; those up to the first changed word come from `cost_`.
  if (&matrix != &cost_) std::copy_n(cost_.begin() + same * columns_, columns_, matrix.begin() + same * columns_);
  for (int64_t i = same + 1; i < rows_; ++i) {
    const int64_t diagonal = int64_t(std::floor(double(i) * ratio_));
    const int64_t first = std::max<int64_t>(0, diagonal - beam_);
    const int64_t last = i == rows_ - 1 ? columns_ : std::min(columns_, diagonal + beam_);
    const int32_t* above = &at(matrix, i - 1, 0);
    int32_t* row = &at(matrix, i, 0);
    for (int64_t j = first; j < last; ++j) {
      if (j == 0) {
        row[0] = above[0] + 1;
        continue;
      }
      const int32_t changed = words[size_t(i - 1)] != reference_[size_t(j - 1)];
      const int32_t left = j > first ? row[j - 1] : infinity;
      row[j] = std::min({infinity, above[j - 1] + changed, above[j] + 1, left + 1});
    }
  }
}

// Walks back along one cheapest path; of equal steps substitution (or none) before deletion before insertion.
Alignment EditDistance::align() const {
  Alignment out{std::vector<char>(size_t(rows_ - 1), 1), std::vector<char>(size_t(columns_ - 1), 1),
                std::vector<int64_t>(size_t(columns_ - 1))};
  for (int64_t i = rows_ - 1, j = columns_ - 1; i > 0 || j > 0;) {
    const int64_t cost = at(cost_, i, j);
    const bool equal = i > 0 && j > 0 && words_[size_t(i - 1)] == reference_[size_t(j - 1)];
    if (i > 0 && j > 0 && cost == at(cost_, i - 1, j - 1) + !equal) {
      --i, --j;
      out.position[size_t(j)] = i;
      out.hypothesis_wrong[size_t(i)] = out.reference_wrong[size_t(j)] = !equal;
    } else if (i > 0 && cost == at(cost_, i - 1, j) + 1) {
      --i;
    } else {
      out.position[size_t(--j)] = i - 1;
    }
  }
  return out;
}

struct Shift {
  int64_t start, length, target;
};
void apply(const Shift& shift, std::vector<int>& words) {
  const auto begin = words.begin();
  const int64_t end = shift.start + shift.length;
  if (shift.target < shift.start) {
    std::rotate(begin + shift.target, begin + shift.start, begin + end);
  } else {  // a target within the phrase moves it on by as many words
    const int64_t to = shift.target > end ? shift.target : shift.target + shift.length;
    std::rotate(begin + shift.start, begin + end, begin + std::min(to, int64_t(words.size())));
  }
}

bool any(const std::vector<char>& flags, int64_t start, int64_t length) {
  return std::find(flags.begin() + start, flags.begin() + start + length, 1) != flags.begin() + start + length;
}

// One round: tries the shifts of phrases that both sides have, that are wrong where they stand and wanted where they
// would go. The best saves most edits; then it is the longest, the earliest, to the earliest target.
class ShiftSearch {
 public:
  ShiftSearch(const std::vector<int>& words, const std::vector<int>& reference, EditDistance& distance)
      : words_(words), reference_(reference), distance_(distance), alignment_(distance.align()) {}

  // Adds the shifts tried to `tried`, and gives up early when there are too many.
  std::optional<std::pair<int64_t, Shift>> best(int64_t& tried) {
    const int64_t n = int64_t(words_.size()), m = int64_t(reference_.size());
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < m; ++j) {
        if (std::abs(i - j) > max_shift_distance) continue;
        for (int64_t length = 1; length <= max_shift_length && i + length <= n && j + length <= m; ++length) {
          if (words_[size_t(i + length - 1)] != reference_[size_t(j + length - 1)]) break;
          if (!useful(i, j, length)) continue;
          tried += try_targets(i, j, length);
          if (tried >= max_tried) return best_shift();
        }
      }
    }
    return best_shift();
  }

 private:
  bool useful(int64_t i, int64_t j, int64_t length) const {
    const int64_t aligned = alignment_.position[size_t(j)];
    return any(alignment_.hypothesis_wrong, i, length) && any(alignment_.reference_wrong, j, length) &&
           !(i <= aligned && aligned < i + length);
  }
  int64_t try_targets(int64_t i, int64_t j, int64_t length) {
    int64_t tried = 0, previous = -1;
    for (int64_t k = j - 1; k < j + length; ++k) {
      const int64_t target = k < 0 ? 0 : alignment_.position[size_t(k)] + 1;
      if (target == previous) continue;
      previous = target, ++tried;
      const Shift shift{i, length, target};
      std::vector<int> shifted = words_;
      apply(shift, shifted);
      const int64_t saved = distance_.distance() - distance_.distance(shifted, std::min(i, target));
      best_ = std::max(best_, Rank{saved, length, -i, -target});
    }
    return tried;
  }
  std::optional<std::pair<int64_t, Shift>> best_shift() const {
    if (best_[1] == 0) return std::nullopt;
    return std::pair{best_[0], Shift{-best_[2], best_[1], -best_[3]}};
  }

  using Rank = std::array<int64_t, 4>;
  const std::vector<int>& words_;
  const std::vector<int>& reference_;
  EditDistance& distance_;
  Alignment alignment_;
  Rank best_{-infinity, 0, 0, 0};
};

}  // namespace

int64_t translation_edits(std::vector<int> hypothesis, const std::vector<int>& reference) {
  if (reference.empty()) return int64_t(hypothesis.size());
  EditDistance distance(hypothesis, reference);
  int64_t shifts = 0, tried = 0;
  while (true) {
    const auto best = ShiftSearch(hypothesis, reference, distance).best(tried);
    if (tried >= max_tried || !best || best->first <= 0) return shifts + distance.distance();
    ++shifts;
    apply(best->second, hypothesis);
    distance.set(hypothesis);
  }
}

std::string Ter::options() const {
  const auto yes = [](bool on) { return on ? "yes" : "no"; };
  return str("case:", options_.case_sensitive ? "mixed" : "lc", "|tok:tercom|norm:", yes(options_.normalized),
             "|punct:", yes(!options_.no_punct), "|asian:", yes(options_.asian_support));
}

MetricCounts Ter::count(std::string_view hypothesis, const std::vector<std::string_view>& references) const {
  std::unordered_map<std::u32string, int> numbers;
  const TercomOptions normalization{options_.normalized, options_.no_punct, options_.asian_support};
  const auto normalize = [&](std::string_view line) {
    return tercom(options_.case_sensitive ? to_code_points(line) : to_lower_code_points(line), normalization);
  };
  const auto words = [&](std::u32string_view text) {
    std::vector<int> out;
    for (std::u32string_view word : split_words(text)) {
      out.push_back(numbers.emplace(word, int(numbers.size())).first->second);
    }
    return out;
  };
  const std::vector<int> ours = words(normalize(hypothesis));
  int64_t edits = INT64_MAX, length = 0;
  for (std::string_view reference : references) {
    // Normalised twice, as sacreBLEU does: of "--1" only the second time splits off both dashes.
    const std::vector<int> theirs = words(tercom(normalize(reference), normalization));
    edits = std::min(edits, translation_edits(ours, theirs));
    length += int64_t(theirs.size());
  }
  return {double(edits), double(length) / double(references.size())};
}

double Ter::score(const MetricCounts& sum) const {
  if (sum[1] > 0) return 100 * (sum[0] / sum[1]);
  return sum[0] > 0 ? 100 : 0;
}

Json Ter::details(const MetricCounts& sum) const {
  return Json::object({{"num_edits", int64_t(sum[0])}, {"ref_length", sum[1]}});
}

}  // namespace stemma
