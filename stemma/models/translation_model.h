// What tasks and decoding know of a sequence-to-sequence system, whichever it is. A concrete model M is a plain struct:
//
//   struct M {
//     struct Config { ... FIELDS(...) };   struct State { ... FIELDS(per-hypothesis members) };
//     M(const Config&, int64_t source_vocabulary, int64_t target_vocabulary);
//     int64_t longest_source() const, longest_target() const;      // tokens it has positions for; 0: any number
//     State start(const Tensor& source) const;                     // encodes; a state row for each source sequence
//     Tensor operator()(const Tensor& target, State&) const;       // continues; hidden rows, before the vocabulary
//     Output output;  FIELDS(...)                                  // parameters
//   };
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/models/decoder_state.h"
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

class TranslationModel {
 public:
  virtual ~TranslationModel() = default;
  // source: ids [N, 1] with splits; returns a state with one row for each sequence.
  virtual std::unique_ptr<DecoderState> start(const Tensor& source) const = 0;
  // target: ids with as many sequences as the state has rows. Returns hidden rows [N, width], splits of `target`.
  virtual Tensor decode(const Tensor& target, DecoderState& state) const = 0;
  // How many tokens the model has positions for, <s> and </s> counted; 0: any number.
  virtual int64_t longest_source() const = 0;
  virtual int64_t longest_target() const = 0;
  // The projection onto the target vocabulary: logits = hidden W^T + b (b may be empty).
  virtual const Tensor& output_W() const = 0;
  virtual const Tensor& output_b() const = 0;
  virtual void walk(const ParamFn& f) = 0;
  // For decoding: see `pack` in ops.h. Not while its parameters are trained.
  virtual void pack(const std::function<void()>& after_each = {}) = 0;
  virtual const std::string& name() const = 0;  // the registry's: "transformer", "lstm", ...
  virtual Json config() const = 0;

  Params params() {
    return unique_params([this](const ParamFn& f) { walk(f); });
  }
};

}  // namespace stemma
