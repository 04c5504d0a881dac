// The commands: one stem each. A command takes its words, prints its answer, and throws Error when it cannot.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "stemma/cli/command_line.h"
#include "stemma/tensor/scopes.h"

namespace stemma {

using Words = std::vector<std::string>;
int train_command(const Words& words);
int train_translate_command(const Words& words);
int train_vectors_command(const Words& words);
int train_classify_command(const Words& words);
int train_pair_command(const Words& words);
int train_lm_command(const Words& words);
int train_tag_command(const Words& words);
int train_answer_command(const Words& words);
int train_choose_command(const Words& words);
int predict_command(const Words& words);  // this and the next two by the model's task
int eval_command(const Words& words);
int show_command(const Words& words);
int predict_translate_command(const Words& words);
int eval_translate_command(const Words& words);
int show_translate_command(const Words& words);
int predict_text_task_command(const Words& words);  // classify, pair, tag, answer, choose
int eval_text_task_command(const Words& words);
int show_text_task_command(const Words& words);
int eval_lm_command(const Words& words);
int show_lm_command(const Words& words);
int generate_command(const Words& words);
int compare_command(const Words& words);
int trace_command(const Words& words);
int vectors_command(const Words& words);
int score_command(const Words& words);
int doctor_command(const Words& words);
int demo_command(const Words& words);
int bench_command(const Words& words);

// Set by Ctrl-C (and SIGTERM); the second one ends the program at once.
const std::atomic<bool>& stop_requested();

// The modes that --threads, --precision and --deterministic ask for, while it lives.
class MachineScope {
 public:
  explicit MachineScope(const Machine& machine);

 private:
  Deterministic deterministic_;
  Precision precision_;
};

}  // namespace stemma
