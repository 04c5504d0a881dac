// The program from outside, for its tests: runs it in a directory of its own, where a tiny Transformer is trained on
// eighty invented pairs, in a fraction of a second.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stemma/base/testing.h"

namespace stemma {

struct Outcome {
  int status = 0;  // of the program; negative: the signal that ended it
  std::string out, error;
};

inline std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> out;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    out.push_back(text.substr(begin, end - begin));
  return out;
}

class CliTest : public testing::Test {
 protected:
  CliTest() {
    static constexpr std::pair<const char*, const char*>
        who[] = {{"ich", "i"}, {"du", "you"}, {"er", "he"}, {"wir", "we"}},
        does[] = {{"sehe", "see"}, {"habe", "have"}, {"mag", "like"}, {"kaufe", "buy"}},
        what[] = {{"hund", "dog"}, {"katze", "cat"}, {"buch", "book"}, {"haus", "house"}, {"auto", "car"}};
    std::string de, en;
    for (const auto& w : who)
      for (const auto& d : does)
        for (const auto& o : what)
          de += str(w.first, " ", d.first, " das ", o.first, "\n"),
              en += str(w.second, " ", d.second, " the ", o.second, "\n");
    write_file(file("t.de"), de), write_file(file("t.en"), en);
  }
  std::string file(std::string_view name) const { return directory_.file(name); }

  pid_t start(const std::string& arguments) const {
    const std::string command = str("cd ", directory_.path(), " && ", arguments, " > out 2> error");
    const pid_t child = ::fork();
    if (child == 0) ::execl("/bin/bash", "bash", "-c", command.c_str(), nullptr);
    return child;
  }
  Outcome wait_for(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), read_file(file("out")),
            read_file(file("error"))};
  }
  // `before` comes before the program: "ulimit -f 1;".
  Outcome run(const std::string& arguments, const std::string& before = "") const {
    return wait_for(start(str(before, " ", STEMMA_PROGRAM, " ", arguments)));
  }
  std::string training(const std::string& more) const {
    return str("train translate --source t.de --target t.en --threads 1 --set kind=word --set width=16 --set heads=2 ",
               "--set feed_forward=32 --set encoder_layers=1 --set decoder_layers=1 --set schedule=constant ",
               "--set schedule.rate=5e-3 --set schedule.warmup=10 --set batch.tokens=100 --set log_every=10 ", more);
  }
  // The error of a command that must fail: one line, status `status`, nothing on standard output.
  std::string refusal(const std::string& arguments, int status = 1, const std::string& before = "") const {
    const auto result = run(arguments, before);
    EXPECT_EQ(result.status, status) << arguments << "\n" << result.error;
    const auto lines = lines_in(result.error);
    EXPECT_THAT(lines, testing::SizeIs(1)) << result.error;
    return lines.empty() ? "" : lines[0];
  }
  void train(const std::string& out, const std::string& more = "--steps 150 --valid-source t.de --valid-target t.en") {
    const auto result = run(training(str("--out ", out, " ", more)));
    ASSERT_EQ(result.status, 0) << result.error;
  }
  std::string model(const std::string& out) const { return read_file(file(out + "/model.safetensors")); }

  size_t log_lines(const std::string& out) const {
    const auto path = file(out + "/training.jsonl");
    return exists(path) ? lines_in(read_file(path)).size() : 0;
  }

  TemporaryDirectory directory_;
};

}  // namespace stemma
