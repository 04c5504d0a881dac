// The table of contents: every differentiable operation with its equation. One stem each beside this file.
//
// x: [N, d] rows, ragged where splits say so. Row-wise ops keep the splits of their first input. f32 unless said
// otherwise. A shape that does not fit is an Error naming the op and the shapes. Fused ops are defined once more, in
// plain ones, in definitions.h.
#pragma once
#include <array>
#include <functional>
#include <vector>

#include "stemma/ops/runs.h"
#include "stemma/tensor/observe.h"
#include "stemma/tensor/tape.h"

namespace stemma {

// ---- elementwise.cc: one table, a row per function with its derivative ---------------------------------------------
// Binary ops take equal shapes, or a second operand that is one row [1, d] (a bias), one column [N, 1] (a weight for
// each row) or a scalar [1, 1].
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);
Tensor operator+(const Tensor& x, float c);
Tensor operator*(float c, const Tensor& x);
inline Tensor operator-(const Tensor& x) { return -1.0f * x; }
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor gelu(const Tensor& x);                      // x Phi(x), Hendrycks & Gimpel 2016
Tensor gelu_tanh(const Tensor& x);                 // its tanh approximation (GPT-2)
Tensor silu(const Tensor& x);                      // x sigmoid(x)
Tensor maximum(const Tensor& a, const Tensor& b);  // equal shapes
enum class Activation { none, relu, gelu, gelu_tanh, silu, tanh, sigmoid };
Tensor activate(Activation f, const Tensor& x);
Tensor cast(const Tensor& x, Type type);  // f32 <-> bf16

// ---- reduce.cc -----------------------------------------------------------------------------------------------------
Tensor sum(const Tensor& x);                   // [1, 1], over everything
Tensor mean(const Tensor& x);                  // [1, 1]
Tensor sum_rows(const Tensor& x);              // [1, d], over the rows
Tensor sum_cols(const Tensor& x);              // [N, 1], within each row
Tensor mean_cols(const Tensor& x);             // [N, 1]
Tensor max_cols(const Tensor& x);              // [N, 1]
std::vector<int32_t> argmax(const Tensor& x);  // for each row; ties go to the smaller column

// ---- top.cc: what decoding asks of logits; not recorded -------------------------------------------------------------
struct TopRows {  // the k greatest of each row, greatest first; ties go to the smaller column
  int64_t k = 0;
  std::vector<int32_t> columns;  // [N, k]; -1: the row has no more (NaN and -infinity are never among them)
  std::vector<float> log_sum;    // of each row: log sum e^x
};
TopRows top_rows(const Tensor& x, int64_t k);

// ---- shape.cc ------------------------------------------------------------------------------------------------------
Tensor rows(const Tensor& x, int64_t begin, int64_t n);
Tensor cols(const Tensor& x, int64_t begin, int64_t n);
Tensor hstack(const std::vector<Tensor>& parts);  // side by side
Tensor vstack(const std::vector<Tensor>& parts);  // one below the other
Tensor reshape(const Tensor& x, int64_t rows, int64_t cols);
Tensor transpose(const Tensor& x);
template <size_t N>
std::array<Tensor, N> split(const Tensor& x) {  // N equal blocks of columns
  check(x.cols() % int64_t(N) == 0, "split of ", x, " into ", N);
  std::array<Tensor, N> out;
  for (size_t i = 0; i < N; ++i) out[i] = cols(x, int64_t(i) * x.cols() / int64_t(N), x.cols() / int64_t(N));
  return out;
}

// ---- gather.cc -----------------------------------------------------------------------------------------------------
// y[i] = x[index[i]]. `splits` is the grouping of the result.
Tensor gather(const Tensor& x, const std::vector<int64_t>& index, Splits splits = {});
// y[index[i]] += x[i], y: [rows, d]
Tensor scatter_add(const Tensor& x, const std::vector<int64_t>& index, int64_t rows);
// y[i] = E[ids[i]]; ids: [N, 1] i32, keeps the splits of ids. An id outside the table is an Error.
Tensor embedding(const Tensor& E, const Tensor& ids);

// ---- ragged.cc: between sequences and their rows; `splits` groups N rows into B sequences --------------------------
Tensor spread(const Tensor& x, const Splits& splits);  // [B, d] -> [N, d]: the row of its sequence for each row
Tensor segment_sum(const Tensor& x);                   // [N, d] -> [B, d]
Tensor segment_mean(const Tensor& x);                  // an empty sequence gives zeros, here and below
Tensor segment_max(const Tensor& x);
Tensor segment_softmax(const Tensor& x);  // [N, k]: each column, within each sequence
Tensor reverse(const Tensor& x);          // each sequence back to front
Tensor first_rows(const Tensor& x);       // [B, d]; an empty sequence is an Error
Tensor last_rows(const Tensor& x);

// ---- matmul.cc, linear.cc ------------------------------------------------------------------------------------------
struct Transposed {
  bool a = false, b = false;
};
Tensor matmul(const Tensor& a, const Tensor& b, Transposed t = {});
// y = f(x W^T + b) + r      W: [out, in]; b: [1, out]; r: [N, out]; all but x and W optional.
// Under Precision(bf16) the product rounds x and W to bf16 and adds in f32. x and W may be stored as bf16.
struct LinearExtras {
  Tensor b{}, residual{};
  Activation activation = Activation::none;
  Type type = Type::f32;  // of y: bf16 where y is only multiplied, so that it is kept as products read it
};
Tensor linear(const Tensor& x, const Tensor& W, const LinearExtras& extras = {});

// ---- panels.cc -----------------------------------------------------------------------------------------------------
// For inference: gives each W a copy in the order in which products read it, in the precision of now; `linear` then
// uses that, with the same bits for a row in any batch and any number of threads. `after_each`: one is done.
void pack(const std::vector<Tensor*>& weights, const std::function<void()>& after_each = {});

// ---- softmax.cc, norm.cc, dropout.cc -------------------------------------------------------------------------------
Tensor softmax(const Tensor& x);  // y = e^x / sum e^x, each row
Tensor log_softmax(const Tensor& x);
// y = g (x - mean) / sqrt(var + eps) + b      Ba et al. 2016, eq. 4; g, b: [1, d]
Tensor layer_norm(const Tensor& x, const Tensor& g, const Tensor& b, float eps = 1e-5f);
// y = g x / sqrt(mean x^2 + eps)              Zhang & Sennrich 2019, eq. 4
Tensor rms_norm(const Tensor& x, const Tensor& g, float eps = 1e-6f);
// y = x m / (1 - p), m ~ Bernoulli(1 - p), in a Training scope; x itself outside. The mask is drawn again in backward.
// p is taken to the nearest 1 / 65,536.
Tensor dropout(const Tensor& x, float p);
// y = norm(x + dropout(r, p))                 how a post-norm sublayer ends, Vaswani et al. 2017, section 5.4
// r: f32 or bf16
struct ResidualNorm {
  Tensor g, b{};  // b empty: rms_norm
  float dropout = 0, eps = 1e-5f;
};
Tensor residual_norm(const Tensor& x, const Tensor& r, const ResidualNorm& how);

// ---- attention.cc, attention_rows.cc -------------------------------------------------------------------------------
// Vaswani et al. 2017, eq. 1, for each head and each pair of sequences:  softmax(Q K^T scale) V
// Q: [N, heads * d]; K: [M, heads * d]; V: [M, heads * dv]; as many sequences in Q as in K. No T x T matrix is kept.
// All three are f32 or bf16, and so is the result; sums are f32.
struct Attention {
  int64_t heads = 1;
  bool causal = false;  // query i of n sees keys 0 .. i + (m - n): the last query sees all keys
  float scale = 0;      // 0: 1 / sqrt(d)
  float dropout = 0;    // on the weights, in a Training scope
};
// Somebody observing gets "attention": [N * heads, longest key sequence], row q * heads + h, zero beyond its keys.
Tensor attention(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how = {});
// The cached step: query sequence i attends to the rows of K and V in its runs, in that order. Nothing is recorded.
// Rows are named, so beams share and reorder a cache without copying it.
Tensor attention_rows(const Tensor& Q, const Tensor& K, const Tensor& V, const RowRuns& keys,
                      const Attention& how = {});

// ---- additive.cc ---------------------------------------------------------------------------------------------------
// Query i looks at the rows j of sequence i: c_i = sum_j softmax_j(v tanh(q_i + k_j)) m_j     Bahdanau et al. 2015,
// A.1.2 q: [B, a]; keys: [M, a]; memory: [M, m] with B sequences; v: [1, a].
Tensor additive_attention(const Tensor& q, const Tensor& keys, const Tensor& memory, const Tensor& v);

// ---- recurrent.cc: whole ragged sequences, packed by length; one product for all gates -----------------------------
// x: [N, gates * h], the input's share of the gates for all steps (from `linear`); U: [gates * h, h].
// State rows are per sequence [B, h]; empty: zeros. Returns all h_t [N, h] and the last state.
struct Recurrence {
  Tensor y, h, c;  // c only from lstm
  Tensor context;  // [N, m]: s_t of a Look
};
// What a recurrence looks at before each step: s_t = additive_attention(W h_{t-1} + b, keys, memory, v) joins x_t as
// x_t + C s_t.                                                                   Bahdanau et al. 2015, A.1.2 and A.2.2
struct Look {
  Tensor W, b, v, C;  // [a, h], [1, a] or empty, [1, a], [gates * h, m]
  Tensor keys, memory;
  RowRuns rows{};  // the rows of keys and memory that each sequence sees; none: as memory's splits say
  explicit operator bool() const { return bool(memory); }
};
// h_t = tanh(x_t + U h_{t-1})                                                    Elman 1990
Recurrence rnn(const Tensor& x, const Tensor& U, const Tensor& h0 = {}, const Look& look = {});
// i, f, g, o = split(x_t + U h_{t-1});  c_t = s(f) c_{t-1} + s(i) tanh(g);  h_t = s(o) tanh(c_t)
//                                   Hochreiter & Schmidhuber 1997, Graves 2013 eq. 7-11 without peepholes
Recurrence lstm(const Tensor& x, const Tensor& U, const Tensor& h0 = {}, const Tensor& c0 = {}, const Look& look = {});
// r, z, n = split(x_t), split(U h + b_u);  h_t = (1 - s(z)) tanh(n_x + s(r) n_u) + s(z) h_{t-1}, s(r) and s(z) of the
// sums                                                                           Cho et al. 2014, as PyTorch's GRU
Recurrence gru(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0 = {}, const Look& look = {});
// One step of each, the elementwise part only: the sums of the gates are given.
std::pair<Tensor, Tensor> lstm_cell(const Tensor& gates, const Tensor& c);       // -> h, c
Tensor gru_cell(const Tensor& x_gates, const Tensor& u_gates, const Tensor& h);  // -> h

// ---- conv.cc -------------------------------------------------------------------------------------------------------
// y_t = b + sum_k W_k x_{t + k - before}; rows outside their sequence are zero. W: [out, width * in]; keeps the length.
struct Convolution {
  int64_t width = 3, before = 1;
};
Tensor conv(const Tensor& x, const Tensor& W, const Tensor& b, const Convolution& how);
// The greatest of each window of `width` rows, every `stride` rows, cut at the sequence's end; ragged.
Tensor max_pool(const Tensor& x, int64_t width, int64_t stride);

// ---- cross_entropy.cc ----------------------------------------------------------------------------------------------
// Of softmax(x W^T + b) against targets [N, 1] i32, W: [V, d], in blocks of rows: N x V is never held.
//   loss_i = -(1 - e) log p(y_i) - e / V sum_v log p(v)          Szegedy et al. 2016, section 7
struct CrossEntropy {
  Tensor total;         // [1, 1]: the sum over rows, differentiable
  double nll = 0;       // the same without smoothing, for perplexity
  int64_t correct = 0;  // rows whose target is the most likely
};
CrossEntropy cross_entropy(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets,
                           float smoothing = 0);
// log p(y_i) of each row, [N, 1]; not recorded.
Tensor log_probability(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets);

// ---- crf.cc: linear-chain conditional random field; signatures in crf.h ---------------------------------------------
//   s(y) = start_{y_1} + sum_t s_{t, y_t} + sum_t A_{y_{t-1}, y_t} + end_{y_n}              Lample et al. 2016, eq. 1
//   crf: -log p(y) = log sum_y' e^{s(y')} - s(y);   best_labels: argmax_y s(y);   label_marginals: p(y_t = j)

}  // namespace stemma
