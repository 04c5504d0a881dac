// The options of decoding on a command line. What is not given is as the model's recipe says.
#pragma once
#include <string>
#include <vector>

#include "stemma/cli/command_line.h"
#include "stemma/tasks/translator.h"

namespace stemma {

class DecodeArguments {
 public:
  enum Which { search, all };  // search: beam and its penalties, for commands that only measure
  void declare(CommandLine& line, Which which = all);
  // Errors name the option. With --nbest alone the beam is at least as wide.
  DecodeOptions options(const CommandLine& line, const Translator& system) const;

 private:
  std::vector<std::string> values_;
  std::vector<std::string> suppressed_, allowed_;
  bool sample_ = false;
  Which which_ = all;
};

}  // namespace stemma
