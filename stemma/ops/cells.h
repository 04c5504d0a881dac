// The elementwise part of one step of a recurrence, for n rows: kernels that recurrent.cc runs step by step and that
// lstm_cell and gru_cell record. Equations in cells.cc. All tensors have n rows; h is the width of a state.
#pragma once
#include "stemma/tensor/kernel.h"

namespace stemma {

// Rows of a tensor by number: rows[i] stands for row i. Empty: the op does without.
struct Picked {
  Tensor x = {};
  const int64_t* rows = nullptr;
};

struct RnnStep {
  Picked x = {};      // added to the gates, here and below
  Tensor gates = {};  // [n, h]
  Tensor h = {};      // out
  Picked y = {};      // h once more, here and below
  Device device() const { return h.device(); }
};
struct RnnStepBack {
  Tensor h = {}, dh = {};
  Picked dy = {};      // added to dh, here and below
  Tensor dgates = {};  // out
  Picked dx = {};      // dgates once more
  Device device() const { return h.device(); }
};
struct LstmStep {
  Picked x = {};
  Tensor gates = {}, c_before = {};  // [n, 4h], [n, h]
  Tensor kept = {};                  // [n, 4h]: s(i), s(f), tanh(g), s(o) for backward; may be gates; empty: not wanted
  Tensor h = {}, c = {};             // out
  Picked y = {};
  Device device() const { return gates.device(); }
};
struct LstmStepBack {
  Tensor kept = {}, c_before = {};
  Tensor dh = {}, dc = {};  // of this step's h and c; an empty one is zero
  Picked dy = {};
  Tensor dgates = {};     // out; may be kept
  Tensor dc_before = {};  // added to
  Picked dx = {};         // dgates once more
  Device device() const { return kept.device(); }
};
struct GruStep {
  Picked x = {};
  Tensor x_gates = {};                 // [n, 3h]; empty: nothing to add to x
  Tensor u_gates = {}, h_before = {};  // [n, 3h], [n, h]
  Tensor b_u = {};                     // [1, 3h]: added to u_gates; empty: none
  Tensor kept = {};                    // [n, 4h]: s(r), s(z), the candidate, n_u for backward; empty: not wanted
  Tensor h = {};                       // out
  Picked y = {};
  Device device() const { return u_gates.device(); }
};
struct GruStepBack {
  Tensor kept = {}, h_before = {}, dh = {};
  Picked dy = {};
  Tensor dx_gates = {};   // out; empty: not wanted
  Tensor du_gates = {};   // out
  Tensor dh_before = {};  // added to, without the share through u_gates
  Picked dx = {};         // dx_gates once more
  Device device() const { return kept.device(); }
};
extern const Kernel<void(const RnnStep&)> rnn_step;
extern const Kernel<void(const RnnStepBack&)> rnn_step_back;
extern const Kernel<void(const LstmStep&)> lstm_step;
extern const Kernel<void(const LstmStepBack&)> lstm_step_back;
extern const Kernel<void(const GruStep&)> gru_step;
extern const Kernel<void(const GruStepBack&)> gru_step_back;

}  // namespace stemma
