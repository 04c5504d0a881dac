// stemma COMMAND ...: exit status 0; 1 when something cannot be done; 2 for a wrong command line.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"
#include "stemma/base/version.h"
#include "stemma/cli/commands.h"

namespace {

struct Command {
  const char* name;
  int (*run)(const stemma::Words&);
  const char* summary;
};
constexpr Command commands[] = {
    {"demo", stemma::demo_command, "watch the history of machine translation happen, in a few minutes"},
    {"train", stemma::train_command, "train a model on your text"},
    {"predict", stemma::predict_command, "text in, answers out, line by line"},
    {"generate", stemma::generate_command, "go on with a text, as a language model does"},
    {"eval", stemma::eval_command, "measure a model on a test set"},
    {"compare", stemma::compare_command, "train the encoders of one task side by side: one table, one page"},
    {"show", stemma::show_command, "look into a model: tree, curves, attention"},
    {"trace", stemma::trace_command, "write every hidden state, attention and logit to a file"},
    {"vectors", stemma::vectors_command, "ask word vectors: neighbours, analogies, evaluation, a map, other formats"},
    {"score", stemma::score_command, "BLEU, chrF or TER of translations, as sacreBLEU counts"},
    {"bench", stemma::bench_command, "how fast work is done here, beside what the machine could do"},
    {"doctor", stemma::doctor_command, "what this machine can do, and what stemma makes of it"},
};

int help(std::FILE* out) {
  std::fprintf(out, "stemma: one engine for the family tree of language models\n\nUsage: stemma COMMAND ...\n\n");
  for (const auto& c : commands) std::fprintf(out, "  %-9s %s\n", c.name, c.summary);
  std::fprintf(out, "\n'stemma COMMAND --help' explains a command with examples.\n");
  return out == stdout ? 0 : 2;
}

int run(int argc, char** argv) {
  if (argc < 2) return help(stderr);
  const std::string name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") return help(stdout);
  if (name == "--version") return std::printf("stemma %s\n", stemma::version), 0;
  for (const auto& c : commands) {
    if (name != c.name) continue;
    try {
      return c.run({argv + 2, argv + argc});
    } catch (const stemma::UsageError& e) { throw stemma::UsageError(stemma::str(" ", name, ": ", e.what())); }
  }
  std::vector<std::string> known;
  for (const auto& c : commands) known.emplace_back(c.name);
  throw stemma::UsageError(stemma::str(": unknown command '", name, "'", stemma::suggestion(name, known)));
}

// Whether less than half of the cores have something else to do at this moment.
bool cores_rest() {
  char text[64] = {};  // "0.20 0.18 0.12 1/80 11206": the fourth is who runs, of all
  const int file = ::open("/proc/loadavg", O_RDONLY);
  if (file < 0) return false;
  const bool there = ::read(file, text, sizeof text - 1) > 0;
  ::close(file);
  const char* at = text;
  for (int spaces = 0; *at && spaces < 3; ++at) spaces += *at == ' ';
  return there && 2 * (std::atoi(at) - 1) < ::sysconf(_SC_NPROCESSORS_ONLN);
}

// Whoever has just started this program is often still at it; who has real work will be at it a few milliseconds later.
bool has_idle_cores() {
  for (int look = 0; look < 8; ++look, ::usleep(500))
    if (cores_rest()) return true;
  return false;
}

// OpenMP's threads shall sleep while they wait, instead of turning round for milliseconds, which on shared cores costs
// more than it gives; on idle ones they may turn round a moment first (training: 5 to 15 % more). OpenMP reads this
// once, when it is loaded, so a program that was started without OMP_WAIT_POLICY is started again with it, before the
// libraries begin, which takes some milliseconds. getenv does not work so early.
void first_of_all(int, char** argv, char** environment) {
  static char passive[] = "OMP_WAIT_POLICY=passive", moment[] = "GOMP_SPINCOUNT=10000";
  std::vector<char*> all{passive};
  for (char** e = environment; *e; ++e) {
    if (std::string_view(*e).starts_with("OMP_WAIT_POLICY=")) return;
    all.push_back(*e);
  }
  if (has_idle_cores()) all.push_back(moment);  // last, so that one's own holds
  all.push_back(nullptr);
  ::execve("/proc/self/exe", argv, all.data());  // comes back only when it fails, and then nothing is lost
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const before_libraries)(int, char**, char**) = first_of_all;

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the limit of `ulimit -f` is an Error like a full disk, not a crash
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw stemma::Error("cannot write the output");
    return status;
  } catch (const stemma::UsageError& e) {
    std::fprintf(stderr, "stemma%s\n", e.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "stemma: out of memory\n");
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "stemma: %s\n", e.what());
    return 1;
  }
}
