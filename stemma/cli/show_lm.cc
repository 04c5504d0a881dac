// stemma show of a language model: its tree, how it learned, how much each word of a text surprises it, and how far
// back its gradients reach.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/gradient_view.h"
#include "stemma/cli/shown_models.h"
#include "stemma/cli/views.h"
#include "stemma/tasks/language_modelling.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma show runs/lm                                      # tree and learning curves\n"
    "  stemma show runs/lm --input \"To be, or not to be\"        # bits of surprise, and what was expected\n"
    "  stemma show runs/lm --gradients --text valid.txt         # vanishing or exploding?\n"
    "  stemma show runs/lstm --beside runs/rnn --gradients --text valid.txt --html flow.html\n";

struct Arguments : ShowArguments {
  std::vector<std::string> inputs;
  int64_t best = 5;
  GradientArguments gradients;
};

double bits(float log_p) { return -double(log_p) / std::numbers::ln2; }

// A space and a line's end as something one sees.
std::string visible(const std::string& piece) {
  if (piece == "\n") return "↵";
  return piece;
}

// ---- surprise ------------------------------------------------------------------------------------------------------
constexpr double most_bits = 12;  // the brightest colour

std::string strip(const Scored& scored, const Terminal& terminal) {
  std::string out;
  for (size_t i = 0; i < scored.ids.size(); ++i) {
    std::string piece = scored.pieces[i];
    constexpr std::string_view space = "▁";
    for (size_t at; (at = piece.find(space)) != piece.npos;) piece.replace(at, space.size(), " ");
    out += shaded(piece == "\n" ? "↵" : piece, bits(scored.log_p[i]) / most_bits, terminal);
    if (piece == "\n") out += "\n";
  }
  return out + "\n";
}

std::string surprise_text(const Scored& scored, const Terminal& terminal) {
  Table table({"token", "bits", "", "expected"});
  double sum = 0;
  for (size_t i = 0; i < scored.ids.size(); ++i) {
    std::string expected;
    for (const auto& b : scored.best[i])
      expected +=
          str(expected.empty() ? "" : "  ", visible(b.piece), " ", fixed(100 * std::exp(double(b.log_p)), 1), "%");
    const double b = bits(scored.log_p[i]);
    std::string bar;
    for (int64_t k = 0; k < std::llround(std::min(b, 20.0)); ++k) bar += "█";
    table.add({visible(scored.pieces[i]), fixed(b, 2), bar, expected});
    sum += b;
  }
  const double mean = sum / double(std::max<size_t>(scored.ids.size(), 1));
  return str(terminal.colour ? strip(scored, terminal) + "\n" : "", table.text(terminal), "\n", fixed(mean, 3),
             " bits a token, perplexity ", fixed(std::exp2(mean), 2), "\n");
}

Json json_of(const Scored& scored) {
  Json::Array all, best;
  for (const float p : scored.log_p) all.push_back(bits(p));
  for (const auto& at : scored.best) {
    Json::Array row;
    for (const auto& b : at) row.push_back(Json::object({{"piece", b.piece}, {"p", std::exp(double(b.log_p))}}));
    best.push_back(std::move(row));
  }
  return Json::object({{"tokens", scored.pieces}, {"bits", std::move(all)}, {"best", std::move(best)}});
}

// ---- gradients -----------------------------------------------------------------------------------------------------
// Windows spread evenly over the text, each with the loss of the token after its last.
GradientFlow flow_of(const LanguageSystem& system, const GradientArguments& a) {
  const TokenStream text = read_stream({{a.text}, system.tokenizer()});
  auto& model = system.model();
  const int64_t length = a.places.distance + 1, places = text.size() - length;
  check(places > 0, a.text, ": ", text.size(), " tokens are too few for a --distance of ", a.places.distance);
  check(model.longest() == 0 || length <= model.longest(), "--distance ", a.places.distance,
        ": the model has positions for ", model.longest(), " tokens");
  FlowRequest request{.windows = std::min(a.places.windows, places), .distance = a.places.distance};
  request.parameters = model.params(), request.clip = double(system.recipe().train.clip_norm);
  request.gradient = [&](int64_t i) {
    const auto window = text.ids().subspan(size_t(i * places / request.windows), size_t(length + 1));
    const auto loss = [&](const Tensor& x) {
      const auto state = model.start();
      const Tensor hidden = model.run(x, *state).hidden;
      return cross_entropy(rows(hidden, hidden.rows() - 1, 1), model.output_W(), model.output_b(),
                           Tensor::ids({window.back()}))
          .total;
    };
    return gradient_at(model.embedded(Tensor::ids({window.begin(), window.end() - 1})).detach(), loss);
  };
  return gradient_flow(request);
}

ShownModel show_one(const std::string& directory, const Arguments& a, const Terminal& terminal) {
  const auto system = LanguageSystem::load(
      directory, a.gradients.shown ? LanguageSystem::For::training : LanguageSystem::For::prediction);
  const Params params = system.model().params();
  ShownModel out{Json::object({{"name", base_name(directory)},
                               {"about", system.recipe().preset},
                               {"parameters", count(params)},
                               {"curve", curve_of(directory)},
                               {"tree", tree_of(params)}}),
                 ""};
  if (a.inputs.empty() && !a.gradients.shown)
    out.text += tree_text(params, system.recipe().model) + "\n" + curves_text(curve_of(directory));
  Json::Array surprisal;
  for (const auto& input : a.inputs) {
    const Scored scored = system.score(system.encode_open(input), a.best);
    check(!scored.ids.empty(), "--input: '", input, "' holds no token");
    surprisal.push_back(json_of(scored));
    out.text += surprise_text(scored, terminal);
  }
  if (!surprisal.empty()) out.system["surprisal"] = std::move(surprisal);
  if (a.gradients.shown) {
    const GradientFlow flow = flow_of(system, a.gradients);
    out.system["gradients"] = to_json(flow);
    out.text += flow_text(base_name(directory), flow);
  }
  return out;
}

}  // namespace

int show_lm_command(const Words& words) {
  Arguments a;
  CommandLine line("show", "Shows a language model: parameters, learning curves, surprise, and the reach of gradients.",
                   examples);
  line.option("--input", a.inputs, "a text: how much each token surprises the model; may be repeated");
  line.option("--best", a.best, "how many expected tokens are told of each place");
  a.gradients.declare(line, "a file for --gradients");
  a.declare(line, "another language model, shown beside");
  if (!line.parse(words)) return 0;
  a.gradients.validate();
  if (a.best < 0) throw UsageError("--best: must not be negative");
  const MachineScope machine(a.machine);
  const Terminal terminal = terminal_of(1);
  a.titled = a.gradients.shown;
  print_models(a, [&](const std::string& directory) { return show_one(directory, a, terminal); });
  return 0;
}

}  // namespace stemma
