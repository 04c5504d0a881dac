// What `stemma bench` can measure. A bench is a function from options to rows; who calls it prints them.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "stemma/base/json.h"

namespace stemma {

struct BenchOptions {
  std::string precision = "auto";  // of products in training; otherwise the scope Precision holds
  int64_t rounds = 5;              // how often the work is measured, after a warm-up
  bool paced = false;              // each round waits for a line of standard input and is answered by one
  bool processor_time = false;     // seconds of the processor, not of the wall: one thread beside other work
  std::string data;                // a folder of parallel text; empty: made-up sentences
  std::string out;                 // a folder for what was measured, for others to measure the same; empty: none
  bool profile = false;            // of the training benches: rows that say where the time goes, too
  std::string trace;               // a file for a Chrome trace of a step; empty: none
  std::function<void(const std::string& line)> say = [](const std::string&) {};  // what it is doing
};

// A row is an object: its keys head the columns. A row whose keys differ from the one before begins a new table.
using BenchRows = std::vector<Json>;

struct Bench {
  const char* name;
  const char* about;
  BenchRows (*run)(const BenchOptions&);
  bool usual = false;  // measured when nothing is named
};
const std::vector<Bench>& benches();
const Bench& find_bench(const std::string& name);  // Error with the nearest name when unknown

}  // namespace stemma
