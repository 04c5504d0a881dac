#include "stemma/cli/eval_page.h"

#include "stemma/cli/page.h"
#include "stemma/tasks/class_tables.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr char script[] = R"html(
const systems = [], scores = report.scores;
function measures(root) {
  const body = t => el("tbody", {}, t.rows.map(row => el("tr", {}, row.map((v, j) => el("td", {"data-label": t.header[j]}, v)))));
  root.append(el("div", {class: "two"}, report.tables.map(t => el("div", {class: "card"}, t.title ? el("h3", {}, t.title) : "",
    el("table", {}, el("thead", {}, el("tr", {}, t.header.map(h => el("th", {scope: "col"}, h)))), body(t))))));
}
const confusion = root => confusionPicture(root, scores.labels, scores.confusion);
function calibration(root) {
  const card = el("div", {class: "card"}), bins = scores.calibration.bins.filter(b => b.documents);
  root.append(card);
  chart(card, () => ({label: "accuracy by probability", xName: "probability of the answer", from: 0, to: 1, marked: true,
    format: v => `${digits(100 * v, 1)} %`, lines: [
      {name: "as it should be", colour: "var(--soft)", dashed: true, points: [{x: 0, y: 0}, {x: 1, y: 1}]},
      {name: "right", colour: "var(--s1)", points: bins.map(b => ({x: b.confidence, y: b.accuracy, note: `${b.documents} texts`}))}]}));
  card.append(el("p", {class: "note"}, `Mean distance from the dotted line: ${digits(100 * scores.calibration.expected_error, 1)} points.`));
}
drawSections({measures, confusion, calibration});
)html";

}  // namespace

std::vector<std::string> notes_of(const TaskReport& report) {
  std::vector<std::string> out;
  const LineSource next = lines_of_text(report.notes);
  for (std::string line; next(line);) out.emplace_back(trimmed(line));
  return out;
}

std::string eval_page(const std::string& title, const TaskReport& report) {
  Json::Array tables;
  for (const auto& t : report.tables) {
    if (t.title == confusions_title) continue;  // drawn
    Json::Array rows;
    for (const auto& row : t.rows) rows.push_back(Json(row));
    tables.push_back(Json::object({{"title", t.title}, {"header", t.header}, {"rows", std::move(rows)}}));
  }
  std::string about = str("Of ", report.examples, " examples.");
  for (const auto& note : notes_of(report)) about += str(" In the file: ", note, ".");
  Page page{.title = title,
            .lead = "",
            .command = "",
            .sections = {{"measures", "Measures", about}},
            .report = Json::object({{"tables", std::move(tables)}, {"scores", report.all}}),
            .script = script};
  if (report.all.find("confusion"))
    page.sections.push_back(
        {"confusion", "What is taken for what", "Of all of a label (row), the share that got each answer (column)."});
  if (report.all.find("calibration"))
    page.sections.push_back({"calibration", "Can its probabilities be trusted?",
                             "How often answers of each probability are right (Guo et al. 2017)."});
  return html_page(page);
}

}  // namespace stemma
