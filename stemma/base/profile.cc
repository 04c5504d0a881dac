#include "stemma/base/profile.h"

#include <chrono>
#include <map>
#include <mutex>

#include "stemma/base/json.h"

namespace stemma {

namespace {

using Clock = std::chrono::steady_clock;

struct Recorder {
  std::mutex mutex;
  // Number of events[0]: counts on from profile to profile, so that no late scope hits a wrong event.
  int64_t first = 0;
  int threads = 0;
  Clock::time_point zero;
  std::vector<ProfileEvent> events;

  int64_t now() const { return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - zero).count(); }
};
Recorder& recorder() {
  static auto* shared = new Recorder;  // never destroyed: threads may outlive any order
  return *shared;
}

// Where a thread is: the innermost open event, and its number in the profile that began with event `first`.
struct Place {
  int64_t first = -1, innermost = -1;
  int thread = 0;
};
thread_local Place place;

}  // namespace

namespace detail {

int64_t open_scope(const char* name, Cost cost) {
  auto& r = recorder();
  std::lock_guard lock(r.mutex);
  if (!profiling || r.events.size() >= Profile::longest) return -1;
  if (place.first != r.first) place = {r.first, -1, r.threads++};
  const int64_t parent = place.innermost < 0 ? -1 : place.innermost - r.first;
  place.innermost = r.first + int64_t(r.events.size());
  r.events.push_back({name, parent, place.thread, r.now(), -1, std::move(cost)});
  return place.innermost;
}

void close_scope(int64_t event) {
  auto& r = recorder();
  std::lock_guard lock(r.mutex);
  if (event < r.first || event >= r.first + int64_t(r.events.size())) return;  // of a profile that is over
  auto& e = r.events[size_t(event - r.first)];
  e.end = r.now();
  place.innermost = e.parent < 0 ? -1 : r.first + e.parent;
}

}  // namespace detail

Cost& Cost::operator+=(const Cost& other) {
  flops += other.flops, bytes += other.bytes;
  if (sizes.empty()) sizes = other.sizes;
  return *this;
}

Profile::Profile() {
  auto& r = recorder();
  std::lock_guard lock(r.mutex);
  check(!detail::profiling, "a profile is being taken already");
  r.threads = 0, r.zero = Clock::now();
  detail::profiling = true;
}

Profile::~Profile() {
  auto& r = recorder();
  std::lock_guard lock(r.mutex);
  detail::profiling = false;
  r.first += int64_t(r.events.size()) + 1;
  r.events.clear();
}

std::vector<ProfileEvent> Profile::events() const {
  auto& r = recorder();
  std::lock_guard lock(r.mutex);
  std::vector<ProfileEvent> out;
  std::vector<int64_t> place_of(r.events.size(), -1);
  for (size_t i = 0; i < r.events.size(); ++i) {
    if (r.events[i].end < 0) continue;
    place_of[i] = int64_t(out.size());
    out.push_back(r.events[i]);
    if (auto& parent = out.back().parent; parent >= 0) parent = place_of[size_t(parent)];
  }
  return out;
}

std::vector<ProfileLine> summary(const std::vector<ProfileEvent>& events, Sizes sizes) {
  std::vector<ProfileLine> lines;
  std::map<std::string, size_t> known;
  std::vector<size_t> line_of;
  for (const auto& e : events) {
    std::string path = e.parent < 0 ? e.name : str(lines[line_of[size_t(e.parent)]].path, " / ", e.name);
    if (sizes == Sizes::apart && !e.cost.sizes.empty()) path += " " + e.cost.sizes;
    const size_t i = known.try_emplace(path, lines.size()).first->second;
    if (i == lines.size()) lines.emplace_back().path = path;
    line_of.push_back(i);
    const double seconds = double(e.end - e.begin) * 1e-9;
    ++lines[i].calls, lines[i].seconds += seconds, lines[i].own += seconds, lines[i].cost += e.cost;
    if (e.parent >= 0) lines[line_of[size_t(e.parent)]].own -= seconds;
  }
  return lines;
}

std::string chrome_trace(const std::vector<ProfileEvent>& events) {
  std::string out = "{\"traceEvents\":[";
  for (const auto& e : events) {
    if (&e != events.data()) out += ",";
    put(out, str("\n{\"name\":", Json(e.name), ",\"ph\":\"X\",\"pid\":1,\"tid\":", e.thread,
                 ",\"ts\":", double(e.begin) / 1e3, ",\"dur\":", double(e.end - e.begin) / 1e3));
    Json args = Json::Object{};
    if (!e.cost.sizes.empty()) args["sizes"] = e.cost.sizes;
    if (e.cost.flops > 0) args["flops"] = e.cost.flops, args["GFLOP/s"] = e.cost.flops / double(e.end - e.begin);
    if (e.cost.bytes > 0) args["bytes"] = e.cost.bytes, args["GB/s"] = e.cost.bytes / double(e.end - e.begin);
    out += args.object().empty() ? "}" : str(",\"args\":", args, "}");
  }
  return out + "\n],\"displayTimeUnit\":\"ms\"}\n";
}

}  // namespace stemma
