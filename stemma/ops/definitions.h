// Each fused op in a few lines of plain differentiable ones, in the op's own stem: its documentation, its fallback
// where a device has no kernel, and the oracle of its test (definitions_test.cc). Arguments and results are those of
// the op.
#pragma once
#include "stemma/ops/ops.h"

namespace stemma {

Tensor linear_definition(const Tensor& x, const Tensor& W, const LinearExtras& extras = {});
Tensor softmax_definition(const Tensor& x);
Tensor log_softmax_definition(const Tensor& x);
Tensor layer_norm_definition(const Tensor& x, const Tensor& g, const Tensor& b, float eps = 1e-5f);
Tensor rms_norm_definition(const Tensor& x, const Tensor& g, float eps = 1e-6f);
Tensor residual_norm_definition(const Tensor& x, const Tensor& r, const ResidualNorm& how);
Tensor attention_definition(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how = {});
Tensor additive_attention_definition(const Tensor& q, const Tensor& keys, const Tensor& memory, const Tensor& v);
// Row by row, sequence by sequence.
Recurrence rnn_definition(const Tensor& x, const Tensor& U, const Tensor& h0 = {}, const Look& look = {});
Recurrence lstm_definition(const Tensor& x, const Tensor& U, const Tensor& h0 = {}, const Tensor& c0 = {},
                           const Look& look = {});
Recurrence gru_definition(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0 = {},
                          const Look& look = {});
std::pair<Tensor, Tensor> lstm_cell_definition(const Tensor& gates, const Tensor& c);
Tensor gru_cell_definition(const Tensor& x_gates, const Tensor& u_gates, const Tensor& h);
Tensor conv_definition(const Tensor& x, const Tensor& W, const Tensor& b, const Convolution& how);
CrossEntropy cross_entropy_definition(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets,
                                      float smoothing = 0);

}  // namespace stemma
