#include "stemma/bench/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "stemma/base/check.h"
#include "stemma/base/files.h"

namespace stemma {

double peak_mebibytes() {
  const std::string status = read_file("/proc/self/status");
  const auto at = status.find("VmHWM:");
  check(at != status.npos, "/proc/self/status: no VmHWM");
  return double(std::strtoll(status.c_str() + at + 6, nullptr, 10)) / 1024;
}

namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() { check(::pipe2(ends, O_CLOEXEC) == 0, "cannot make a pipe: ", std::strerror(errno)); }
  ~Pipe() { close(0), close(1); }
  void close(int end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

}  // namespace

ProgramRun run_again(const std::vector<std::string>& words, const std::string& input) {
  using Clock = std::chrono::steady_clock;
  Pipe in, out;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  std::vector<char*> argv{const_cast<char*>("stemma")};
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const auto begun = Clock::now();
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  check(failed == 0, "cannot start a process: ", std::strerror(failed));
  in.close(0), out.close(1);
  // A line or two fits into the pipe, so writing it all first cannot block.
  check(::write(in.ends[1], input.data(), input.size()) == ssize_t(input.size()), "cannot write to a process");
  in.close(1);
  ProgramRun run;
  char buffer[4096];
  for (ssize_t n; (n = ::read(out.ends[0], buffer, sizeof buffer)) > 0; run.output.append(buffer, size_t(n)))
    if (run.output.empty()) run.first_output = std::chrono::duration<double>(Clock::now() - begun).count();
  int status = 0;
  ::waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "stemma ", words.at(0), " failed when run as a bench");
  return run;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "stemma-bench-XXXXXX").string();
  check(::mkdtemp(name.data()), "cannot make a folder ", name, ": ", std::strerror(errno));
  path_ = name;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace stemma
