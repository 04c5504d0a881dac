// The arithmetic of log-linear word models (Mikolov et al. 2013 a, b; Bojanowski et al. 2017): a hidden vector is the
// mean of some rows of a table; it meets rows of another table in binary logistic regressions, and both learn.
// In place and without the tape. Many threads may work on one table without locks (Niu et al. 2011, "Hogwild!").
#pragma once
#include <cstdint>
#include <span>

namespace stemma {

// Rows of `width` floats, one behind the other; those of [own_begin, own_end) lie elsewhere.
struct RowTable {
  float* data = nullptr;
  int64_t width = 0;
  float* own = nullptr;
  int64_t own_begin = 0, own_end = 0;
  float* row(int64_t i) const {
    return i >= own_begin && i < own_end ? own + (i - own_begin) * width : data + i * width;
  }
};

// mean[width] = the mean of the rows `ids`; zeros for none.
void mean_of_rows(const RowTable& table, std::span<const int32_t> ids, float* mean);
// row_i += x[width] for each id, as often as it is named.
void add_to_rows(const RowTable& table, std::span<const int32_t> ids, const float* x);

// A row to meet and whether it is the right one: negative sampling has one right row among k wrong ones; hierarchical
// softmax has the inner nodes of a Huffman tree and the turns of the word's code.
constexpr uint32_t meeting(int32_t row, bool right) { return uint32_t(row) << 1 | uint32_t(right); }

// Groups of meetings, one group for each predicted word, one after the other. With x_j = h . row_j, y_j right or wrong:
//   loss = - sum_j log sigmoid(+-x_j)      g_j = rate (y_j - sigmoid(x_j))
//   dh = sum_j g_j row_j                   row_j += g_j h
// that is, a step of gradient descent on the loss of each group. gradient[0, width) becomes the sum of dh; after each
// group h += growth dh, so that the next one meets the h of rows that have learned: 1 for the mean of rows that differ.
// gradient[width, 2 width) is workspace.
struct LogisticGroups {
  std::span<const uint32_t> meetings;
  std::span<const int32_t> ends;  // group g is meetings[ends[g - 1], ends[g])
  float rate = 0.025f, growth = 1;
};
void logistic_steps(const RowTable& table, const LogisticGroups& groups, float* hidden, float* gradient);
// The same for groups whose hidden vectors are rows of a table: group g meets row ids[g] of `input`, which learns
// before the next group comes. gradient[width] is workspace; no growth.
void logistic_row_steps(const RowTable& table, const LogisticGroups& groups, const RowTable& input,
                        std::span<const int32_t> ids, float* gradient);
// The same for rows of `input` that all meet the same rows, one after the other, as the neighbours of a word meet the
// path to it in hierarchical softmax. The steps are the same, but a row that is met is read and written once for eight
// that come: what the c-th finds is x_c . (row + sum_{d<c} g_d x_d), and x_c . x_d are the same for all rows.
constexpr int64_t longest_path = 64;  // counts of less than 10^13 make none longer; Error for one that is
void logistic_path_steps(const RowTable& table, std::span<const uint32_t> path, float rate, const RowTable& input,
                         std::span<const int32_t> ids);
// The loss of the meetings, nothing learned.
double logistic_loss(const RowTable& table, std::span<const uint32_t> meetings, const float* hidden);

// One softmax over all rows met, of which one is right: p = softmax(h . row_j), loss = - log p_right, which is
// returned; g_j = rate (y_j - p_j), then as above; h stays. gradient[width] is overwritten, products has a place for
// each meeting.
double softmax_step(const RowTable& table, std::span<const uint32_t> meetings, float rate, const float* hidden,
                    float* gradient, float* products);

float dot_row(const float* a, const float* b, int64_t width);  // a . b
// products[i] = row_i . x for rows [0, rows)
void dot_rows(const RowTable& table, int64_t rows, const float* x, float* products);

}  // namespace stemma
