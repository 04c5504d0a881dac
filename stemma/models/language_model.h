// What tasks and decoding know of a language model, whichever it is. A concrete model M is a plain struct:
//
//   struct M {
//     struct Config { ... FIELDS(...) };   struct State { ... FIELDS(per-hypothesis members) };
//     M(const Config&, int64_t vocabulary);
//     Tensor embedded(const Tensor& ids) const;                  // rows that ...
//     Reading run(const Tensor& rows, State&) const;      // ... continue the state; hidden rows, before the output
//     int64_t longest() const;   forgets, carried_widths, carried, start as below
//     Output output;  FIELDS(...)                             // parameters
//   };
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/models/decoder_state.h"
#include "stemma/nn/layers.h"

namespace stemma {

struct Reading {
  Tensor hidden;     // [N, width], splits of the ids
  Tensor penalty{};  // [1, 1], joins the sum of the losses of these N rows in training; empty: none
};

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  // Before a text, or where the text before ended: see `carried`.
  virtual std::unique_ptr<DecoderState> start(const std::vector<Tensor>& carried = {}) const = 0;
  // Sequences of ids [N, 1] continue from the state, which becomes that after them.
  Reading read(const Tensor& ids, DecoderState& state) const { return run(embedded(ids), state); }
  virtual Tensor embedded(const Tensor& ids) const = 0;
  virtual Reading run(const Tensor& rows, DecoderState& state) const = 0;
  // What one batch hands on to the next when a text goes on: matrices with a row for each sequence, of these widths,
  // without their gradient. No widths: the model sees nothing before its window.
  virtual std::vector<int64_t> carried_widths() const = 0;
  virtual std::vector<Tensor> carried(const DecoderState& state) const = 0;
  virtual int64_t longest() const = 0;  // tokens it has positions for; 0: any number
  // Whether what it carries fades, so that begun anywhere it soon reads as if it had read all before. A state without
  // gates need not: it can fall into a corner of its space and stay there.
  virtual bool forgets() const = 0;
  // The projection onto the vocabulary: logits = hidden W^T + b (b may be empty).
  virtual const Tensor& output_W() const = 0;
  virtual const Tensor& output_b() const = 0;
  virtual void walk(const ParamFn& f) = 0;
  // For prediction: see `pack` in ops.h. Not while its parameters are trained.
  virtual void pack(const std::function<void()>& after_each = {}) = 0;
  virtual const std::string& name() const = 0;  // rnn, lstm, gru, transformer
  virtual Json config() const = 0;

  Params params() {
    return unique_params([this](const ParamFn& f) { walk(f); });
  }
};

// As in registry.h.
std::vector<std::string> language_model_names();
Json default_language_config(const std::string& model);
std::unique_ptr<LanguageModel> make_language_model(const std::string& model, const Json& config, int64_t vocabulary,
                                                   uint64_t seed);
std::unique_ptr<LanguageModel> load_language_model(const std::string& model, const Json& config, int64_t vocabulary,
                                                   const std::function<Params(const Params& wanted)>& load);

}  // namespace stemma
