#include "stemma/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"

namespace stemma {

struct CommandLine::Parser {
  CLI::App app;
  CLI::Option* last = nullptr;
};

CommandLine::CommandLine(const std::string& name, const std::string& about, const std::string& examples)
    : parser_(std::make_unique<Parser>()) {
  parser_->app.name("stemma " + name);
  parser_->app.description(about);
  if (!examples.empty()) parser_->app.footer("Examples:\n" + examples);
  parser_->app.get_formatter()->column_width(36);
}
CommandLine::~CommandLine() = default;

template <class T>
static CLI::Option* add(CLI::App& app, const std::string& names, T& value, const std::string& help) {
  return app.add_option(names, value, help)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CommandLine& CommandLine::option(const std::string& names, std::string& value, const std::string& help) {
  parser_->last = add(parser_->app, names, value, help)->capture_default_str();
  return *this;
}
CommandLine& CommandLine::option(const std::string& names, int64_t& value, const std::string& help) {
  parser_->last = add(parser_->app, names, value, help)->capture_default_str();
  return *this;
}
CommandLine& CommandLine::option(const std::string& names, double& value, const std::string& help) {
  parser_->last = add(parser_->app, names, value, help)->capture_default_str();
  return *this;
}
CommandLine& CommandLine::option(const std::string& names, std::vector<std::string>& values, const std::string& help) {
  // One value for each time it is named, so that what follows may be a positional argument.
  parser_->last = add(parser_->app, names, values, help);
  if (names.starts_with("-"))
    parser_->last->type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return *this;
}
CommandLine& CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
  parser_->last = parser_->app.add_flag(names, value, help);
  return *this;
}
CommandLine& CommandLine::required() {
  parser_->last->required();
  return *this;
}

bool CommandLine::parse(const std::vector<std::string>& words) {
  auto& app = parser_->app;
  const std::string see = str(" (see ", app.get_name(), " --help)");
  std::vector<std::string> known;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) known.push_back(str("--", name));
  for (const auto& word : words) {
    if (word == "--") break;
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(str("unknown option ", name, suggestion(name, known)));
  }
  try {
    auto reversed = std::vector<std::string>(words.rbegin(), words.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return false;
  } catch (const CLI::RequiredError&) {
    for (const auto* option : app.get_options())
      if (option->get_required() && option->count() == 0)
        throw UsageError(str(option->get_name(), " is missing: ", option->get_description(), see));
    throw;
  } catch (const CLI::ExtrasError& e) {
    const bool reads = std::find(known.begin(), known.end(), "--input") != known.end();
    throw UsageError(str(e.what(), reads ? ": text comes by --input or standard input" : "", see));
  } catch (const CLI::ParseError& e) { throw UsageError(str(e.what(), see)); }
  return true;
}

bool CommandLine::given(const std::string& name) const { return parser_->app.count(name) > 0; }

void Machine::declare(CommandLine& line) {
  line.option("--threads", threads, "threads; 0: all cores");
  line.option("--precision", precision,
              "of products: f32, bf16, or auto (bf16 in training where the processor has it, else f32)");
  line.flag("--deterministic", deterministic, "the same bits for any batch, order and number of threads");
}

}  // namespace stemma
