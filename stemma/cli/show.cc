// stemma show: look into a model: its tree, how it learned, and where it looks when it translates.
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/decode_arguments.h"
#include "stemma/cli/shown_models.h"
#include "stemma/cli/views.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma show runs/de-en                                    # tree and learning curves\n"
    "  stemma show runs/de-en --input \"Ein Mann schläft.\"        # where it looks\n"
    "  stemma show runs/de-en --input \"Ein Mann schläft.\" --all  # every head of every layer\n"
    "  stemma show runs/de-en --input \"Ein Mann schläft.\" --html a.html\n"
    "  stemma show runs/de-en --beside runs/rnn --html curves.html  # learning curves of both\n";

struct Arguments : ShowArguments {
  std::vector<std::string> inputs;
  int64_t head = -1;
  bool all = false;
  DecodeArguments decode;
};

// ---- where it looks ------------------------------------------------------------------------------------------------
std::string heads_text(const Explanation& e, const Arguments& a, const Terminal& terminal) {
  std::string out;
  for (const auto& map : e.maps) {
    const bool encoder = map.name.starts_with("encoder."), own = encoder || map.name.ends_with(".attend");
    if ((own && !a.all) || (a.head >= 0 && map.head != a.head)) continue;
    HeatMap picture{encoder ? e.source : e.target, encoder || !own ? e.source : e.target, {}};
    const int64_t columns = int64_t(picture.columns.size());
    for (int64_t r = 0; r < map.weights.rows(); ++r) {
      const float* row = map.weights.data() + r * map.weights.cols();
      picture.weights.emplace_back(row, row + std::min(columns, map.weights.cols()));
    }
    out += str("\n", map.name, ", head ", map.head, "\n", heat_map(picture, terminal));
  }
  check(!out.empty() || a.head < 0, "--head: there is no head ", a.head);
  return out;
}

std::string attention_text(const Explanation& e, const Arguments& a, const Terminal& terminal) {
  const std::string picture = a.all || a.head >= 0 ? heads_text(e, a, terminal) : attention_picture(e, terminal);
  return picture.empty() ? "this system has no attention to show\n" : picture;
}

ShownModel show_one(const Arguments& a, const CommandLine& line) {
  const auto system = Translator::load(a.directory);
  const Params params = system.model().params();
  const Terminal terminal = terminal_of(1);
  const Json curve = curve_of(a.directory);
  std::string text = a.inputs.empty() ? tree_text(params, system.recipe().model) + "\n" + curves_text(curve) : "";
  Json::Array explained;
  for (const auto& input : a.inputs) {
    const auto found = system.translate({input}, a.decode.options(line, system)).at(0).at(0);
    const auto explanation = system.explain(input, found.ids);
    explained.push_back(example_of(explanation, ""));
    text += str(input, "\n→ ", found.text, "   log p ", fixed(found.log_probability, 3), "\n",
                attention_text(explanation, a, terminal), "\n");
  }
  return {Json::object({{"name", base_name(a.directory)},
                        {"about", system.recipe().preset},
                        {"parameters", count(params)},
                        {"curve", curve},
                        {"examples", std::move(explained)},
                        {"tree", tree_of(params)}}),
          text};
}

ShownModel curve_alone(const std::string& other) {
  check(exists(join_path(other, "training.jsonl")), "--beside: no training.jsonl in ", other);
  return {Json::object({{"name", base_name(other)}, {"curve", curve_of(other)}}), ""};
}

}  // namespace

int show_translate_command(const Words& words) {
  Arguments a;
  CommandLine line("show", "Shows a model's tree of parameters, its learning curves, and where it looks.", examples);
  line.option("--input", a.inputs, "a source sentence to translate and explain; may be repeated");
  line.option("--head", a.head, "this head alone (default: the mean of the last layer's)");
  line.flag("--all", a.all, "every attention of every layer");
  a.decode.declare(line, DecodeArguments::search);
  a.declare(line, "another run whose learning curve joins the page");
  if (!line.parse(words)) return 0;
  const MachineScope machine(a.machine);
  a.titled = true;
  print_models(a, [&](const std::string& directory) {
    return directory == a.directory ? show_one(a, line) : curve_alone(directory);
  });
  return 0;
}

}  // namespace stemma
