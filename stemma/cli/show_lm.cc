// stemma show of a language model: its tree, how it learned, how much each word of a text surprises it, and how far
// back its gradients reach.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/report.h"
#include "stemma/cli/views.h"
#include "stemma/tasks/gradient_flow.h"
#include "stemma/tasks/language_modelling.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma show runs/lm                                      # tree and learning curves\n"
    "  stemma show runs/lm --input \"To be, or not to be\"        # bits of surprise, and what was expected\n"
    "  stemma show runs/lm --gradients --text valid.txt         # vanishing or exploding?\n"
    "  stemma show runs/lstm --beside runs/rnn --gradients --text valid.txt --html flow.html\n";

struct Arguments {
  std::string directory, html, text;
  std::vector<std::string> inputs, beside;
  int64_t best = 5, distance = 64, windows = 32;
  bool gradients = false, json = false;
  Machine machine;
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
GradientFlow flow_of(const LanguageSystem& system, const Arguments& a) {
  const TokenStream text = read_stream({{a.text}, system.tokenizer()});
  auto& model = system.model();
  const int64_t length = a.distance + 1, places = text.size() - length;
  check(places > 0, a.text, ": ", text.size(), " tokens are too few for a --distance of ", a.distance);
  check(model.longest() == 0 || length <= model.longest(), "--distance ", a.distance, ": the model has positions for ",
        model.longest(), " tokens");
  FlowRequest request{.parameters = model.params(), .clip = double(system.recipe().train.clip_norm)};
  std::vector<int32_t> wanted;
  for (int64_t i = 0; i < std::min(a.windows, places); ++i) {
    const auto window = text.ids().subspan(size_t(i * places / std::min(a.windows, places)), size_t(length + 1));
    const NoGrad off;
    request.windows.push_back(model.embedded(Tensor::ids({window.begin(), window.end() - 1})));
    wanted.push_back(window.back());
  }
  request.loss = [&](const Tensor& x, int64_t i) {
    const auto state = model.start();
    const Tensor hidden = model.run(x, *state).hidden;
    return cross_entropy(rows(hidden, hidden.rows() - 1, 1), model.output_W(), model.output_b(),
                         Tensor::ids({wanted[size_t(i)]}))
        .total;
  };
  return gradient_flow(request);
}

std::string flow_text(const std::string& name, const GradientFlow& flow) {
  const auto logarithm = [](double x) { return std::log10(std::max(x, 1e-30)); };
  double low = 0, high = -30;
  for (const double n : flow.norm) low = std::min(low, logarithm(n)), high = std::max(high, logarithm(n));
  low = std::max(low, high - 12);
  Table table({"tokens back", "gradient norm", "clipped", "each █ a tenth of the range, on a logarithmic scale"});
  for (size_t k = 0; k < flow.norm.size(); k = k < 8 ? k + 1 : k + k / 4) {
    std::string bar;
    const double share = (logarithm(flow.norm[k]) - low) / std::max(high - low, 1e-9);
    for (int64_t i = 0; i < std::llround(10 * share); ++i) bar += "█";
    char norm[32], clipped[32];
    std::snprintf(norm, sizeof norm, "%.3g", flow.norm[k]);
    std::snprintf(clipped, sizeof clipped, "%.3g", flow.clipped[k]);
    table.add({str(k), norm, clipped, bar});
  }
  return str("\n", name, ": × ", fixed(flow.per_step, 3), " for each token further back",
             flow.per_step < 1 && flow.per_step > 0
                 ? str(", halved every ", fixed(std::log(0.5) / std::log(flow.per_step), 1), " tokens")
                 : "",
             "; clipping cuts ", fixed(100 * flow.clipped_share, 0), " % of the windows\n", table.text());
}

struct Shown {
  Json system;
  std::string text;
};

Shown show_one(const std::string& directory, const Arguments& a, const Terminal& terminal) {
  const auto system =
      LanguageSystem::load(directory, a.gradients ? LanguageSystem::For::training : LanguageSystem::For::prediction);
  const Params params = system.model().params();
  Shown out{Json::object({{"name", base_name(directory)},
                          {"about", system.recipe().preset},
                          {"parameters", count(params)},
                          {"curve", curve_of(directory)},
                          {"tree", tree_of(params)}}),
            ""};
  if (a.inputs.empty() && !a.gradients)
    out.text += tree_text(params, system.recipe().model) + "\n" + curves_text(curve_of(directory));
  Json::Array surprisal;
  for (const auto& input : a.inputs) {
    const Scored scored = system.score(system.encode_open(input), a.best);
    check(!scored.ids.empty(), "--input: '", input, "' holds no token");
    surprisal.push_back(json_of(scored));
    out.text += surprise_text(scored, terminal);
  }
  if (!surprisal.empty()) out.system["surprisal"] = std::move(surprisal);
  if (a.gradients) {
    const GradientFlow flow = flow_of(system, a);
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
  line.option("directory", a.directory, "the model directory").required();
  line.option("--input", a.inputs, "a text: how much each token surprises the model; may be repeated");
  line.option("--best", a.best, "how many expected tokens are told of each place");
  line.flag("--gradients", a.gradients, "the gradient's norm by distance, over windows of --text");
  line.option("--text", a.text, "a file for --gradients");
  line.option("--distance", a.distance, "tokens back, for --gradients");
  line.option("--windows", a.windows, "how many places of the text, for --gradients");
  line.option("--beside", a.beside, "another language model, shown beside; may be repeated");
  line.option("--html", a.html, "write a page with everything to this file");
  line.flag("--json", a.json, "one object: what the page is drawn from");
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  if (a.gradients && a.text.empty()) throw UsageError("--gradients needs --text");
  if (a.best < 0 || a.distance < 1 || a.windows < 1)
    throw UsageError("--best, --distance, --windows: must not be negative, or zero");
  const MachineScope machine(a.machine);
  const Terminal terminal = terminal_of(1);
  Json::Array systems;
  std::string text;
  std::vector<std::string> directories{a.directory};
  directories.insert(directories.end(), a.beside.begin(), a.beside.end());
  for (const auto& directory : directories) {
    Shown shown = show_one(directory, a, terminal);
    text += (directories.size() > 1 && !a.gradients ? str(base_name(directory), "\n") : "") + shown.text;
    systems.push_back(std::move(shown.system));
  }
  const Json report = Json::object({{"title", base_name(a.directory)}, {"systems", std::move(systems)}});
  if (!a.html.empty()) write_file(a.html, report_page(report)), text += str("the page is ", a.html, "\n");
  std::fputs(a.json ? (report.dump() + "\n").c_str() : text.c_str(), stdout);
  return 0;
}

}  // namespace stemma
