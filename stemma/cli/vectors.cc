// stemma vectors VERB FILE ...: ask word vectors of any maker. One function for each verb; the work is in vectors/.
#include <algorithm>
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/input.h"
#include "stemma/cli/terminal.h"
#include "stemma/cli/vector_map.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/compress.h"
#include "stemma/vectors/evaluation.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

// What every verb has: a file, the machine, --json.
struct Common {
  std::string file;
  Machine machine;
  bool json = false;
  void declare(CommandLine& line) {
    line.option("file", file, "a model directory, or a file of fastText (.bin, .ftz), word2vec (text, binary) or GloVe")
        .required();
  }
  void declare_rest(CommandLine& line) {
    line.option("--threads", machine.threads, "threads; 0: all cores");
    line.flag("--json", json, "JSON instead of a table");
  }
  void answer(const Json& said, const std::string& text) const {
    std::fputs(json ? (said.dump() + "\n").c_str() : text.c_str(), stdout);
  }
};

Json to_json_list(const std::vector<Neighbour>& found, const Lexicon& lexicon) {
  Json::Array out;
  for (const auto& n : found)
    out.push_back(Json::object({{"word", std::string(lexicon.text(n.id))}, {"score", n.score}}));
  return out;
}

std::string text_of(const std::vector<Neighbour>& found, const Lexicon& lexicon, const std::string& head) {
  Table table({head, "score"});
  for (const auto& n : found) table.add({std::string(lexicon.text(n.id)), fixed(n.score, 4)});
  return table.text(terminal_of(1));
}

void check_top(int64_t top) {
  if (top < 1) throw UsageError(str("--top: ", top, " is not a number of words"));
}

// ---- nearest, analogy, similarity, odd -----------------------------------------------------------------------------
int nearest_verb(const Words& words) {
  Common c;
  int64_t top = 10;
  std::vector<std::string> queries;
  CommandLine line(
      "vectors nearest",
      "The nearest words by cosine; words from standard input when none is given. Exact, but for thousands "
      "of questions to more than a million words, which a graph answers.",
      "  stemma vectors nearest runs/vectors king\n");
  c.declare(line);
  line.option("words", queries, "whose neighbours");
  line.option("--top", top, "how many neighbours");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  check_top(top);
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  Neighbours neighbours(model);
  const auto show = [&](const std::string& word) {
    const auto found = neighbours.nearest(word, top);
    c.answer(Json::object({{"word", word}, {"nearest", to_json_list(found, model.lexicon)}}),
             text_of(found, model.lexicon, word) + "\n");
  };
  for (const auto& word : queries) show(word);
  if (!queries.empty()) return 0;
  InputLines reader("-");
  int64_t asked = 0, status = 0;
  for (auto lines = reader.next(1); !lines.empty(); lines = reader.next(1)) {
    neighbours.expect(++asked);
    try {
      if (!lines[0].empty()) show(lines[0]);
    } catch (const Error& error) {  // one unknown word among many ends nothing
      std::fprintf(stderr, "stemma: %s\n", error.what()), status = 1;
    }
    std::fflush(stdout);
  }
  return int(status);
}

int analogy_verb(const Words& words) {
  Common c;
  int64_t top = 10;
  bool multiply = false;
  std::vector<std::string> abc;
  CommandLine line("vectors analogy", "a is to b as c is to ...: 3CosAdd, or 3CosMul with --multiply.",
                   "  stemma vectors analogy runs/vectors man king woman\n");
  c.declare(line);
  line.option("words", abc, "a, b and c").required();
  line.option("--top", top, "how many answers");
  line.flag("--multiply", multiply, "3CosMul (Levy & Goldberg 2014)");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  check_top(top);
  if (abc.size() != 3) throw UsageError(str("an analogy has three words, not ", abc.size()));
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  const Neighbours neighbours(model);
  const auto found = neighbours.analogy(abc, top, multiply ? Neighbours::Analogy::multiply : Neighbours::Analogy::add);
  c.answer(to_json_list(found, model.lexicon),
           text_of(found, model.lexicon, str(abc[0], " : ", abc[1], " = ", abc[2], " : ?")));
  return 0;
}

int similarity_verb(const Words& words) {
  Common c;
  std::vector<std::string> pair;
  CommandLine line("vectors similarity", "The cosine of two words.",
                   "  stemma vectors similarity runs/vectors cat dog\n");
  c.declare(line);
  line.option("words", pair, "two words").required();
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  if (pair.size() != 2) throw UsageError(str("similarity has two words, not ", pair.size()));
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  const float cosine = Neighbours(model).cosine(pair[0], pair[1]);
  c.answer(Json::object({{"cosine", cosine}}), fixed(cosine, 4) + "\n");
  return 0;
}

int odd_verb(const Words& words) {
  Common c;
  std::vector<std::string> group;
  CommandLine line("vectors odd", "The word that does not belong to the others.",
                   "  stemma vectors odd runs/vectors breakfast cereal dinner lunch\n");
  c.declare(line);
  line.option("words", group, "three words or more").required();
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  const auto& odd = group[Neighbours(model).odd_one_out(group)];
  c.answer(Json::object({{"odd", odd}}), odd + "\n");
  return 0;
}

// ---- eval ----------------------------------------------------------------------------------------------------------
std::string percent(int64_t part, int64_t whole) { return whole ? fixed(100 * double(part) / double(whole), 2) : "–"; }

std::string text_of(const std::string& path, const std::vector<AnalogySection>& sections,
                    const std::vector<AnalogySection>& sums) {
  Table table({base_name(path), "right", "asked", "accuracy", "coverage"});
  for (const auto* part : {&sections, &sums})
    for (const auto& s : *part)
      table.add({s.name, with_commas(s.right), with_commas(s.asked), percent(s.right, s.asked),
                 percent(s.asked, s.questions)});
  return table.text(terminal_of(1));
}

// Of each set, whose kind is known, in turn; the tables of questions first.
struct Evaluated {
  Json::Array json;
  std::string text;
};
Evaluated evaluate(const Neighbours& neighbours, const std::vector<std::string>& sets,
                   const std::vector<EvaluationKind>& kinds, const AnalogyOptions& options) {
  Table pairs({"pairs", "Spearman", "Pearson", "known", "coverage"});
  bool any_pairs = false;
  Evaluated out;
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& set = sets[i];
    if (kinds[i] == EvaluationKind::analogies) {
      const auto sections = evaluate_analogies(neighbours, set, options), sums = sums_of(sections);
      out.text += text_of(set, sections, sums) + "\n";
      out.json.push_back(Json::object({{"set", set}, {"sections", to_json(sections)}, {"sums", to_json(sums)}}));
    } else {
      const auto s = evaluate_similarity(neighbours, set);
      pairs.add({base_name(set), fixed(s.spearman, 4), fixed(s.pearson, 4), str(s.known, "/", s.pairs),
                 percent(s.known, s.pairs)});
      out.json.push_back(Json::object({{"set", set}, {"similarity", to_json(s)}}));
      any_pairs = true;
    }
  }
  if (any_pairs) out.text += pairs.text(terminal_of(1));
  return out;
}

int eval_verb(const Words& words) {
  Common c;
  std::vector<std::string> sets;
  AnalogyOptions options;
  bool multiply = false;
  CommandLine line("vectors eval",
                   "Measures vectors: analogy questions (': section' and four words a line) and rated pairs "
                   "(two words and a number), told apart by their content.",
                   "  stemma vectors eval runs/vectors questions-words.txt EN-WS-353-ALL.txt\n");
  c.declare(line);
  line.option("sets", sets, "files of questions or pairs").required();
  line.flag("--multiply", multiply, "analogies by 3CosMul");
  line.option("--among", options.among, "answers come from so many frequent words; 0: all");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  if (options.among < 0) throw UsageError(str("--among: ", options.among, " is negative"));
  if (multiply) options.how = Neighbours::Analogy::multiply;
  const MachineScope machine(c.machine);
  std::vector<EvaluationKind> kinds;
  for (const auto& set : sets) kinds.push_back(evaluation_kind(set));  // a wrong file is told before the work
  const auto model = load_vectors(c.file);
  const auto evaluated = evaluate(Neighbours(model), sets, kinds, options);
  c.answer(evaluated.json, evaluated.text);
  return 0;
}

// ---- map -----------------------------------------------------------------------------------------------------------
int map_verb(const Words& words) {
  Common c;
  MapRequest request;
  std::string out, method = "tsne";
  CommandLine line("vectors map", "Draws words on a plane: one HTML page with search and hover.",
                   "  stemma vectors map runs/vectors --out map.html                        # the 1,000 most frequent\n"
                   "  stemma vectors map runs/vectors paris blue seven --out map.html       # and 100 neighbours each\n"
                   "  stemma vectors map runs/vectors king queen man woman --only --method pca --out map.html\n");
  c.declare(line);
  line.option("words", request.words, "who is drawn, with their neighbours (default: the most frequent words)");
  line.option("--out", out, "the page").required();
  line.option("--method", method, "tsne (neighbours stay together) or pca (directions of greatest variance)");
  line.option("--top", request.top, "how many words, or neighbours of each; 0: 1,000 or 100");
  line.flag("--only", request.only, "these words alone, no neighbours");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  if (method != "tsne" && method != "pca")
    throw UsageError(str("--method: there is no '", method, "'", suggestion(method, {"tsne", "pca"})));
  if (method == "pca") request.method = MapRequest::pca;
  if (request.top < 0 || request.top > 5000) throw UsageError("--top: between 1 and 5,000 words");
  if (request.top == 0) request.top = request.words.empty() ? 1000 : 100;
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  Neighbours neighbours(model);
  const VectorMap map = vector_map(neighbours, request, base_name(c.file));
  write_file(out, map_page(map));
  c.answer(Json::object({{"map", out}, {"words", int64_t(map.words.size())}}), str("the map is ", out, "\n"));
  return 0;
}

// ---- files ---------------------------------------------------------------------------------------------------------
int convert_verb(const Words& words) {
  Common c;
  std::string out, format;
  CommandLine line("vectors convert", "Writes vectors in another format.",
                   "  stemma vectors convert runs/vectors vectors.vec --format text\n");
  c.declare(line);
  line.option("out", out, "the file to write").required();
  line.option("--format", format, "text (word2vec, .vec), binary (word2vec), glove or fasttext (.bin)").required();
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  const auto kind = vector_format(format);
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  save_vectors(model, out, kind);
  c.answer(Json::object({{"file", out}, {"words", int64_t{model.lexicon.words()}}, {"dimension", model.dimension()}}),
           str(out, ": ", with_commas(model.lexicon.words()), " words, dimension ", model.dimension(), "\n"));
  return 0;
}

int quantize_verb(const Words& words) {
  Common c;
  std::string out;
  CompressOptions options;
  int64_t piece = options.piece;
  CommandLine line("vectors quantize", "Makes a model small by product quantisation: a fastText .ftz.",
                   "  stemma vectors quantize classifier.bin classifier.ftz --bytes 1000000\n");
  c.declare(line);
  line.option("out", out, "the .ftz to write").required();
  line.option("--bytes", options.bytes, "of the file at most: the least important rows go; 0: all stay");
  line.option("--piece", piece, "floats to a code");
  line.flag("--output", options.output, "quantise a classifier's output as well");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  if (piece < 1 || piece > 65536 || options.bytes < 0) throw UsageError("--piece and --bytes are positive numbers");
  options.piece = int32_t(piece);
  const MachineScope machine(c.machine);
  const auto model = load_vectors(c.file);
  const auto small = compressed(model, options);
  save_vectors(small, out, VectorFormat::fasttext);
  const int64_t bytes = file_size(out), rows = small.input.rows(), before = model.input.rows();
  c.answer(Json::object({{"file", out}, {"bytes", bytes}, {"rows", rows}, {"rows_before", before}}),
           str(out, ": ", with_commas(bytes), " bytes, ", with_commas(rows), " of ", with_commas(before), " rows\n"));
  return 0;
}

int labels_verb(const Words& words) {
  Common c;
  int64_t top = 1;
  double threshold = 0;
  std::string input = "-";
  CommandLine line("vectors labels", "Labels of a fastText classifier for each line of text.",
                   "  stemma vectors labels lid.176.ftz < text\n");
  c.declare(line);
  line.option("--input", input, "a text, a document a line");
  line.option("--top", top, "labels at most");
  line.option("--threshold", threshold, "only labels of at least this probability");
  c.declare_rest(line);
  if (!line.parse(words)) return 0;
  check_top(top);
  const MachineScope machine(c.machine);
  const Classifier classifier(load_vectors(c.file));
  InputLines reader(input);
  for (auto lines = reader.next(1); !lines.empty(); lines = reader.next(1)) {
    Json::Array list;
    std::string text;
    for (const auto& guess : classifier.predict(lines[0], top, threshold)) {
      list.push_back(Json::object({{"label", guess.label}, {"probability", guess.probability}}));
      text += str(text.empty() ? "" : " ", guess.label, " ", fixed(guess.probability, 6));
    }
    c.answer(Json(list), text + "\n");
  }
  return 0;
}

struct Verb {
  const char* name;
  int (*run)(const Words&);
  const char* about;
};
constexpr Verb verbs[] = {
    {"nearest", nearest_verb, "the nearest words of a word"},
    {"analogy", analogy_verb, "man is to king as woman is to ...?"},
    {"similarity", similarity_verb, "the cosine of two words"},
    {"odd", odd_verb, "the word that does not belong"},
    {"eval", eval_verb, "analogy questions and rated pairs"},
    {"map", map_verb, "words on a plane, as a page"},
    {"convert", convert_verb, "to another format"},
    {"quantize", quantize_verb, "a small file"},
    {"labels", labels_verb, "what a fastText classifier says of lines of text"},
};

int help() {
  std::puts(
      "Asks word vectors: those of stemma train vectors, fastText, word2vec and GloVe.\n\n"
      "Usage: stemma vectors VERB FILE ...\n");
  for (const auto& verb : verbs) std::printf("  %-11s %s\n", verb.name, verb.about);
  std::puts(
      "\n'stemma vectors VERB --help' explains a verb.\n\nExamples:\n"
      "  stemma vectors nearest runs/vectors king\n"
      "  stemma vectors eval runs/vectors questions-words.txt EN-WS-353-ALL.txt");
  return 0;
}

}  // namespace

int vectors_command(const Words& words) {
  std::vector<std::string> known;
  for (const auto& verb : verbs) known.emplace_back(verb.name);
  if (words.empty()) throw UsageError("a verb is missing (see stemma vectors --help)");
  if (words[0] == "--help" || words[0] == "-h") return help();
  for (const auto& verb : verbs)
    if (words[0] == verb.name) return verb.run({words.begin() + 1, words.end()});
  throw UsageError(str("unknown verb '", words[0], "'", suggestion(words[0], known)));
}

}  // namespace stemma
