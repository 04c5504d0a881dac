#include "stemma/bench/rounds.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace stemma {

namespace {

// One line of standard input; false at its end.
bool await_turn() {
  int c = std::getchar();
  while (c != '\n' && c != EOF) c = std::getchar();
  return c == '\n';
}

void answer(const Json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

Json json_of(const Measured& m) {
  Json out = Json::object({{"what", m.what}, {"seconds", m.seconds}, {"tokens", m.tokens}, {"flops", m.flops}});
  if (!m.latencies.empty()) out["latencies"] = m.latencies;
  return out;
}

}  // namespace

double Stopwatch::now() const {
  timespec t{};
  ::clock_gettime(processor_ ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double quantile(std::vector<double> values, double q) {
  check(!values.empty(), "quantile: no values");
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, size_t(q * double(values.size())))];
}

Rounds::Rounds(const BenchOptions& options, const Json& about) : options_(options) {
  if (options_.paced) answer(about);
}

bool Rounds::another() {
  if (begun_ > 0) {
    if (options_.paced) {
      Json::Array parts;
      for (const auto& part : now_) parts.push_back(json_of(part));
      answer(parts);
    }
    if (begun_ > 1) done_.push_back(std::move(now_));
    now_.clear();
  }
  if (options_.paced ? !await_turn() : begun_ > options_.rounds) return false;
  options_.say(begun_ == 0 ? std::string("warming up") : str("round ", begun_));
  ++begun_;
  return true;
}

void Rounds::add(Measured part) { now_.push_back(std::move(part)); }

BenchRows Rounds::rows(double rate) const {
  BenchRows out;
  for (size_t i = 0; !done_.empty() && i < done_[0].size(); ++i) {
    std::vector<double> speeds, shares, latencies;
    for (const auto& round : done_) {
      const Measured& m = round[i];
      speeds.push_back(m.tokens / m.seconds);
      shares.push_back(100 * m.flops / (rate * 1e9) / m.seconds);
      latencies.insert(latencies.end(), m.latencies.begin(), m.latencies.end());
    }
    Json row = Json::object({{"what", done_[0][i].what},
                             {"tokens/s", quantile(speeds, 0.5)},
                             {"best", quantile(speeds, 1)},
                             {"% of product limit", quantile(shares, 0.5)}});
    if (!latencies.empty()) {
      row["p50 ms"] = 1e3 * quantile(latencies, 0.5);
      row["p99 ms"] = 1e3 * quantile(latencies, 0.99);
    }
    out.push_back(row);
  }
  return out;
}

}  // namespace stemma
