// The command line of one command: options are declared where they are kept, help and checks follow. CLI11 behind
// command_line.cc, so that nobody else pays for compiling it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stemma {

class CommandLine {
 public:
  // `examples` end the help.
  CommandLine(const std::string& name, const std::string& about, const std::string& examples = "");
  ~CommandLine();

  // names: "--beam", "-n,--nbest", or "directory" for a positional argument. The variable's value is the default.
  CommandLine& option(const std::string& names, std::string& value, const std::string& help);
  CommandLine& option(const std::string& names, int64_t& value, const std::string& help);
  CommandLine& option(const std::string& names, double& value, const std::string& help);
  CommandLine& option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  CommandLine& flag(const std::string& names, bool& value, const std::string& help);
  CommandLine& required();  // the option declared last

  // False: --help was asked for and printed. UsageError, naming the nearest option, when the words do not fit.
  bool parse(const std::vector<std::string>& words);
  bool given(const std::string& name) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// What every command that computes takes: --threads, --precision, --deterministic.
struct Machine {
  int64_t threads = 0;
  std::string precision = "auto";
  bool deterministic = false;
  void declare(CommandLine& line);
};

}  // namespace stemma
