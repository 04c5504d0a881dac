// FIELDS: a struct lists its members once; parameters, checkpoints, configs, --set, printing and beam reorder walk
// them.
//   struct Config { int width = 512, heads = 8;  FIELDS(width, heads) };
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace stemma {

#define FIELDS(...)                                                        \
  static constexpr std::string_view field_names() { return #__VA_ARGS__; } \
  auto fields() { return std::tie(__VA_ARGS__); }                          \
  auto fields() const { return std::tie(__VA_ARGS__); }

template <class T>
concept HasFields = requires(T& t) {
  t.fields();
  T::field_names();
};

// The i-th name in "a, b, c".
constexpr std::string_view nth_name(std::string_view list, size_t i) {
  while (i--) list.remove_prefix(list.find(',') + 1);
  list = list.substr(0, list.find(','));
  while (!list.empty() && list.front() == ' ') list.remove_prefix(1);
  return list;
}

// Calls f(name, member) for each member in order.
template <HasFields T, class F>
void each_field(T& object, F&& f) {
  std::apply(
      [&](auto&... member) {
        size_t i = 0;
        (f(nth_name(std::remove_const_t<T>::field_names(), i++), member), ...);
      },
      object.fields());
}

// The name in `known` nearest to `name` by edit distance, for "did you mean"; empty when nothing is close.
std::string nearest(std::string_view name, const std::vector<std::string>& known);
// " (did you mean 'x'?)" or, when nothing is close, " (known: a, b, c)"; of many names the first dozen.
std::string suggestion(std::string_view name, const std::vector<std::string>& known);

}  // namespace stemma
