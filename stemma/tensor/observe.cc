#include "stemma/tensor/observe.h"

#include <utility>

namespace stemma {

namespace {
thread_local Listener* listener = nullptr;
thread_local std::string path;
}  // namespace

Listening::Listening(Listener f) : listener_(std::move(f)), before_(std::exchange(listener, &listener_)) {}
Listening::~Listening() { listener = before_; }

bool observing() { return listener != nullptr; }
void observe(std::string_view name, const Tensor& value) {
  if (listener && value) (*listener)(path.empty() ? std::string(name) : str(path, ".", name), value.detach());
}

At::At(std::string_view name, int64_t index) : before_(path.size()) {
  if (!listener) return;
  if (!path.empty()) path += '.';
  path += name;
  if (index >= 0) path += str(".", index);
}
At::~At() { path.resize(before_); }

}  // namespace stemma
