// Modes are scopes: objects with a lifetime, read by ops, never passed down through layers.
//
//   { Training on(rng); loss = model(batch); }        { NoGrad off; y = model(x); }
//
// A scope holds for the thread that made it. Kernels read modes before they fan out, never inside a parallel task.
#pragma once
#include <utility>

#include "stemma/base/random.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

struct Modes {
  bool recording = true;
  bool deterministic = false;
  Random* training = nullptr;  // set: dropout is on and draws from here
  Type precision = Type::f32;  // bf16: products round their operands to bf16 and add in f32
};
inline Modes& modes() {
  static thread_local Modes current;
  return current;
}
inline bool recording() { return modes().recording; }
inline bool deterministic() { return modes().deterministic; }
inline Random* training() { return modes().training; }
inline Type precision() { return modes().precision; }

template <auto Member>
class Scope {
 public:
  using Value = std::remove_reference_t<decltype(modes().*Member)>;
  explicit Scope(Value value) : before_(std::exchange(modes().*Member, value)) {}
  ~Scope() { modes().*Member = before_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Value before_;
};

struct NoGrad : Scope<&Modes::recording> {  // nothing is recorded
  NoGrad() : Scope(false) {}
};
struct Recording : Scope<&Modes::recording> {  // recorded again, inside a NoGrad
  Recording() : Scope(true) {}
};
struct Training : Scope<&Modes::training> {  // dropout on
  explicit Training(Random& rng) : Scope(&rng) {}
};
struct Evaluating : Scope<&Modes::training> {  // dropout off, inside a Training
  Evaluating() : Scope(nullptr) {}
};
struct Precision : Scope<&Modes::precision> {
  explicit Precision(Type type) : Scope(type) {}
};
// Only kernels whose summation order depends on neither batch nor threads.
struct Deterministic : Scope<&Modes::deterministic> {
  explicit Deterministic(bool on = true) : Scope(on) {}
};

}  // namespace stemma
