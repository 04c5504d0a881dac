// Errors: one line with the values in it.   check(k == n, "matmul: inner sizes ", k, " and ", n);
// Knows nothing of tensors. A library neither prints nor exits: it throws Error, the program prints `what()`.
#pragma once
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace stemma {

// The user can mend this (bad input, bad option, full disk). `what()` is one line: what, where, what to do.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The command line itself is wrong; the program exits with 2 instead of 1.
struct UsageError : Error {
  using Error::Error;
};

inline void put(std::string& out, std::string_view text) { out += text; }
inline void put(std::string& out, const std::string& text) { out += text; }
inline void put(std::string& out, const char* text) { out += text; }
inline void put(std::string& out, char c) { out += c; }
inline void put(std::string& out, bool value) { out += value ? "true" : "false"; }
template <class T>
requires std::is_arithmetic_v<T>
void put(std::string& out, T value) {  // the shortest text that reads back as the same number
  char buffer[32];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

// Joins its parts into one string. Other types take part by an overload of `put` in their namespace.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::string out;
  (put(out, parts), ...);
  return out;
}

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(str(parts...));
}
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw Error(str(parts...));
}

}  // namespace stemma
