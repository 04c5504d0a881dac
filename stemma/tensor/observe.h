// Looking inside: models name what they compute, whoever wants to see it listens. Free when nobody does.
//
//   Listening on([&](const std::string& path, const Tensor& x) { ... });      // "decoder.0.cross.attention"
//   observe("attention", A);                                                  // in an op or a model
//   const At here("decoder", i);                                              // in a model: the path for what follows
//
// An op with a fused kernel asks observing("attention") and takes its definition when somebody wants the matrix.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "stemma/tensor/tensor.h"

namespace stemma {

using Listener = std::function<void(const std::string& path, const Tensor& value)>;

class Listening {
 public:
  explicit Listening(Listener listener);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  Listener listener_;
  Listener* before_;
};

bool observing();                                          // does anybody listen?
void observe(std::string_view name, const Tensor& value);  // value without its gradient

// Appends ".name" or ".name.i" to the path while it lives; does nothing when nobody listens.
class At {
 public:
  explicit At(std::string_view name, int64_t index = -1);
  ~At();
  At(const At&) = delete;
  At& operator=(const At&) = delete;

 private:
  size_t before_;
};

}  // namespace stemma
