// stemma show for the tasks on texts: modules and learning curves, why an answer was given, and what was learned
// whatever the text.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/gradient_view.h"
#include "stemma/cli/shown_models.h"
#include "stemma/cli/views.h"
#include "stemma/tasks/text_task.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma show runs/topics                                     # tree, learning curves, heaviest n-grams\n"
    "  stemma show runs/topics --input \"Shares fell in New York\"   # which words spoke for the answer\n"
    "  stemma show runs/cnn --text texts.txt                       # what its filters look for\n"
    "  stemma show runs/rnn --beside runs/lstm --gradients --text test.tsv  # how far back a loss reaches\n"
    "  stemma show runs/topics --input \"...\" --html look.html\n";

struct Arguments : ShowArguments {
  std::vector<std::string> inputs;
  int64_t most = 12;
  GradientArguments gradients;  // its text also for filters
};

std::string bar_of(double share, int64_t columns) {
  std::string bar;
  for (int64_t i = 0; i < std::llround(share * double(columns)); ++i) bar += "█";
  return bar;
}

double greatest(const Json::Array& reasons) {
  double most = 1e-12;
  for (const auto& r : reasons) most = std::max(most, std::abs(r["weight"].number()));
  return most;
}

// Of labels; of the options that `why` names; of the best spans.
std::string probabilities_text(const Json& why) {
  const Json *probabilities = why["answer"].find("probabilities"), *spans = why["answer"].find("nbest");
  Json::Object rows;
  if (probabilities && probabilities->is_object()) rows = probabilities->object();
  if (probabilities && probabilities->is_array())
    for (size_t i = 0; i < probabilities->array().size(); ++i)
      rows.emplace_back(why["options"].array().at(i).text(), probabilities->array()[i]);
  if (spans)
    for (const auto& span : spans->array()) {
      const std::string& text = span["text"].text();
      rows.emplace_back(display_width(text) > 60 ? fit_width(text, 60) : text, span["probability"]);
    }
  if (rows.empty()) return "";
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.number() > b.second.number(); });
  Table table({spans ? "answer" : why.find("options") ? "option" : "label", "%", ""});
  for (size_t i = 0; i < std::min<size_t>(rows.size(), 12); ++i)
    table.add({rows[i].first, fixed(100 * rows[i].second.number(), 1), bar_of(rows[i].second.number(), 30)});
  return "\n" + table.text();
}

// The texts with their places on colours; empty where there is no colour, or no place.
std::string coloured(const Json& why, const Json::Array& reasons, const Terminal& terminal) {
  std::string out;
  if (!terminal.colour) return out;
  const double most = greatest(reasons);
  const auto& texts = why["texts"].array();
  for (size_t document = 0; document < texts.size(); ++document) {
    const std::string& text = texts[document].text();
    size_t at = 0;
    for (const auto& r : reasons) {
      if (r["begin"].integer() < int64_t(at) || r["document"] != Json(document)) continue;
      const auto begin = size_t(r["begin"].integer()), end = size_t(r["end"].integer());
      out += str(text.substr(at, begin - at),
                 shaded(text.substr(begin, end - begin), std::max(0.0, r["weight"].number() / most), terminal));
      at = end;
    }
    if (at > 0) out += text.substr(at) + "\n";
  }
  return out;
}

std::string reasons_text(const Json& why, const char* key, const std::string& title, const Terminal& terminal) {
  const Json* found = why.find(key);
  if (!found || found->array().empty()) return "";
  const double most = greatest(found->array());
  Table table({title, "weight", ""});
  Json document = 0;
  for (const auto& r : found->array()) {
    const double w = r["weight"].number();
    if (r["document"] != document) document = r["document"], table.add({"", "", ""});
    table.add({r["text"].text(), fixed(w, 4), (w < 0 ? "−" : "") + bar_of(std::abs(w) / most, 20)});
  }
  return str("\n", coloured(why, found->array(), terminal), table.text());
}

// {"labels": [n], "values": [n][n]} with so many labels at most: those of the greatest values.
Json strongest(const Json& square, size_t most) {
  const auto& labels = square["labels"].array();
  if (labels.size() <= most) return square;
  std::vector<std::pair<double, std::pair<size_t, size_t>>> values;
  for (size_t i = 0; i < labels.size(); ++i)
    for (size_t j = 0; j < labels.size(); ++j)
      if (const Json& v = square["values"].array()[i].array()[j]; v.is_number())
        values.push_back({-v.number(), {i, j}});
  std::sort(values.begin(), values.end());
  std::set<size_t> kept;
  for (size_t k = 0; k < values.size() && kept.size() + 1 < most; ++k)
    kept.insert({values[k].second.first, values[k].second.second});
  Json::Array names, rows;
  for (const size_t i : kept) {
    Json::Array row;
    for (const size_t j : kept) row.push_back(square["values"].array()[i].array()[j]);
    names.push_back(labels[i]), rows.push_back(std::move(row));
  }
  return Json::object({{"labels", std::move(names)}, {"values", std::move(rows)}, {"of", labels.size()}});
}

// {"labels": [n], "values": [n][n]}: what is positive, as a picture.
std::string square_text(const Json& why, const char* key, const std::string& title, const Terminal& terminal) {
  const Json* square = why.find(key);
  if (!square) return "";
  HeatMap map;
  for (const auto& label : (*square)["labels"].array()) map.rows.push_back(label.text());
  map.columns = map.rows;
  for (const auto& row : (*square)["values"].array()) {
    auto& weights = map.weights.emplace_back();
    for (const auto& v : row.array()) weights.push_back(v.is_number() ? float(std::max(0.0, v.number())) : 0);
  }
  const Json* of = square->find("of");
  return str("\n", title, of ? str(", the strongest among ", of->integer()) : "", "\n", heat_map(map, terminal));
}

// "question_of_context": the attention of each word of the text (rows) to each of the question.
std::string asked_text(const Json& why, const Terminal& terminal) {
  const Json* attention = why.find("question_of_context");
  if (!attention) return "";
  HeatMap map;
  for (const auto& word : why["start"].array()) map.rows.push_back(word["text"].text());
  for (const auto& word : why["question"].array()) map.columns.push_back(word["text"].text());
  for (const auto& row : attention->array()) {
    auto& weights = map.weights.emplace_back();
    for (const auto& w : row.array()) weights.push_back(float(w.number()));
  }
  return str("\nwhat each word of the text (rows) sees of the question (columns)\n", heat_map(map, terminal));
}

// An input as one reads it: a pair's texts on two lines, the texts of a JSON object.
std::string readable(const std::string& input, const Json& why) {
  std::string out = input;
  if (input.starts_with("{")) {
    out.clear();
    for (const auto& text : why["texts"].array()) out += str(out.empty() ? "" : "\n", text.text());
  }
  std::replace(out.begin(), out.end(), '\t', '\n');
  return out;
}

std::string why_text(const std::string& input, const std::string& line, const Json& why, const Terminal& terminal) {
  std::string measure = "word";
  if (const Json* m = why.find("measure")) measure = m->text();
  return str(readable(input, why), "\n→ ", line, "\n", probabilities_text(why),
             reasons_text(why, "saliency", measure, terminal), reasons_text(why, "attention", "attention", terminal),
             asked_text(why, terminal),
             square_text(why, "influence", "of each word (columns) on each answer (rows)", terminal),
             square_text(why, "transitions", "from a tag (rows) to the next (columns)", terminal), "\n");
}

std::string heaviest_text(const Json& learned, int64_t most) {
  const Json* all = learned.find("heaviest");
  if (!all) return "";
  Table table({"label", "heaviest"});
  for (const auto& h : all->array()) {
    std::string features;
    int64_t n = 0;
    for (const auto& f : h["features"].array())
      if (n++ < most) features += str(n > 1 ? ", " : "", f["text"].text(), " ", fixed(f["weight"].number(), 2));
    table.add({h["label"].text(), features});
  }
  return "\n" + table.text();
}

std::string filters_text(const Json& learned, int64_t most) {
  const Json* all = learned.find("filters");
  if (!all) return "";
  Table table({"filter", "speaks for", "weight", "n-grams that excite it most"});
  int64_t n = 0;
  for (const auto& f : all->array()) {
    if (n++ == most) break;
    std::string ngrams;
    for (const auto& g : f["ngrams"].array())
      ngrams += str(ngrams.empty() ? "" : " | ", g["text"].text(), " ", fixed(g["activation"].number(), 2));
    table.add({str(f["width"], " wide, ", f["filter"]), f["label"].text(), fixed(f["weight"].number(), 3), ngrams});
  }
  return "\n" + table.text();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  if (path.empty()) return out;
  LineReader reader(path);
  for (std::string line; reader.next(line);) out.push_back(line);
  return out;
}

// Places in bytes as places in characters, which is how predict tells them and the page reads them.
Json in_characters(Json why) {
  std::vector<std::vector<int64_t>> before;
  for (const auto& text : why["texts"].array()) before.push_back(characters_before(text.text()));
  for (auto& [key, list] : why.object()) {
    if (!list.is_array()) continue;
    for (auto& item : list.array()) {
      const Json* begin = item.find("begin");
      if (!begin || begin->integer() < 0) continue;
      const auto& of = before.at(size_t(item["document"].integer()));
      for (const char* place : {"begin", "end"}) item[place] = of.at(size_t(item[place].integer()));
    }
  }
  return why;
}

ShownModel show_one(const std::string& directory, const Arguments& a, const Terminal& terminal) {
  const std::string task = read_config(directory).task;
  check(task != "lm" && task != "translate", directory, ": a model of the task ", task,
        " cannot be shown beside these");
  const auto system = find_text_task(task).load(directory);
  const Params params = system->params();
  const std::string texts = a.gradients.shown ? "" : a.gradients.text;  // for filters
  const Json curve = curve_of(directory), learned = system->learned(lines_of(texts));
  check(texts.empty() || learned.find("filters"), directory,
        " has no filters that --text could show: they are those of the encoder textcnn in the task classify, without a "
        "layer between them and the labels");
  ShownModel out{Json::object({{"name", base_name(directory)},
                               {"about", system->recipe().encoder},
                               {"parameters", system->parameters()},
                               {"curve", curve},
                               {"tree", tree_of(params)}}),
                 ""};
  for (const auto& [key, value] : learned.object()) out.system[key] = value;
  if (Json* filters = learned.find("filters") ? &out.system["filters"] : nullptr)
    filters->array().resize(std::min(filters->array().size(), size_t(a.most)));
  if (a.inputs.empty() && a.gradients.text.empty())
    out.text = (params.empty() ? "" : tree_text(params, system->recipe().encoder) + "\n" + curves_text(curve)) +
               heaviest_text(learned, a.most);
  out.text += filters_text(learned, a.most);
  if (a.gradients.shown) {
    const GradientFlow flow = system->flow(a.gradients.text, a.gradients.places);
    out.system["gradients"] = to_json(flow), out.text += flow_text(base_name(directory), flow);
  }
  Json::Array explained;
  for (const auto& input : a.inputs) {
    Json why = system->explain(input);
    why["line"] = system->answer({input}).at(0).text;
    if (why.find("transitions")) why["transitions"] = strongest(why["transitions"], 24);
    out.text += why_text(input, why["line"].text(), why, terminal);
    explained.push_back(in_characters(std::move(why)));
  }
  if (!explained.empty()) out.system["explained"] = std::move(explained);
  return out;
}

}  // namespace

int show_text_task_command(const Words& words) {
  Arguments a;
  CommandLine line("show", "Shows a model's modules and learning curves, why it answers, and what it has learned.",
                   examples);
  line.option("--input", a.inputs, "an input to answer and explain, as a line of predict; may be repeated");
  a.gradients.declare(line,
                      "inputs whose n-grams excite each filter of TextCNN most; for --gradients examples as the "
                      "training file's");
  line.option("--most", a.most, "how many features and filters are shown");
  a.declare(line, "another model, shown beside");
  if (!line.parse(words)) return 0;
  if (a.most < 1) throw UsageError("--most: must be at least 1");
  a.gradients.validate();
  const MachineScope machine(a.machine);
  const Terminal terminal = terminal_of(1);
  a.titled = a.gradients.shown;
  print_models(a, [&](const std::string& directory) { return show_one(directory, a, terminal); });
  return 0;
}

}  // namespace stemma
