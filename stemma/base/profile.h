// Where the time goes: named scopes, nested, on any thread.
//
//   const Profiled here("forward");                       // until the end of the block
//   const Profile profile;  work();  summary(profile.events());
//
// While nobody measures, a scope is a relaxed load and a branch.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stemma {

// What a scope did, as far as it is known.
struct Cost {
  double flops = 0;  // floating-point operations
  double bytes = 0;  // read and written at the least: every operand once
  std::string sizes = {};
  Cost& operator+=(const Cost& other);
};

struct ProfileEvent {
  const char* name = "";
  int64_t parent = -1;         // the event around it on its thread; -1: none
  int thread = 0;              // in the order of their first scope
  int64_t begin = 0, end = 0;  // ns since the profile began
  Cost cost;
};

// Measures while it lives: one at a time (an Error otherwise). Scopes that were open before are not in it.
class Profile {
 public:
  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  std::vector<ProfileEvent> events() const;   // of scopes that have ended, outer ones before what they hold
  static constexpr size_t longest = 1 << 20;  // events kept; those after are lost
};

// The events of one path, "step / forward / linear".
struct ProfileLine {
  std::string path;
  int64_t calls = 0;
  double seconds = 0, own = 0;  // own: without the scopes inside
  Cost cost;                    // of its own
};
enum class Sizes { together, apart };  // apart: a line for each Cost::sizes
// In the order of their first call.
std::vector<ProfileLine> summary(const std::vector<ProfileEvent>& events, Sizes sizes = Sizes::together);

// Trace Event Format, for chrome://tracing and ui.perfetto.dev.
std::string chrome_trace(const std::vector<ProfileEvent>& events);

namespace detail {
inline std::atomic<bool> profiling{false};
int64_t open_scope(const char* name, Cost cost);
void close_scope(int64_t event);
}  // namespace detail

class Profiled {
 public:
  explicit Profiled(const char* name) {  // the text must outlive the profile
    if (detail::profiling.load(std::memory_order_relaxed)) [[unlikely]]
      event_ = detail::open_scope(name, {});
  }
  template <class F>
  Profiled(const char* name, F&& cost) {  // cost() is asked only when somebody measures
    if (detail::profiling.load(std::memory_order_relaxed)) [[unlikely]]
      event_ = detail::open_scope(name, cost());
  }
  ~Profiled() {
    if (event_ >= 0) [[unlikely]]
      detail::close_scope(event_);
  }
  Profiled(const Profiled&) = delete;
  Profiled& operator=(const Profiled&) = delete;

 private:
  int64_t event_ = -1;
};

// f() in a scope of its own.
template <class F>
decltype(auto) profiled(const char* name, F&& f) {
  const Profiled here(name);
  return f();
}

}  // namespace stemma
