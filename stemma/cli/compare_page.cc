#include "stemma/cli/compare_page.h"

#include "stemma/cli/page.h"

namespace stemma {

namespace {

constexpr char script[] = R"html(
const systems = coloured(report.encoders.map(e => ({...e, name: e.encoder})));
const smaller = report.smaller_is_better, scale = smaller ? 1 : 100, percent = v => digits(100 * v, 2);
const measured = s => s.score.n > 0, scored = v => digits(scale * v, 2), several = systems.some(s => s.score.n > 1);
const column = (name, get, show, sign) => ({name, get, show, sign});
const bytes = v => v < 1e6 ? `${digits(v / 1e3, 0)} kB` : `${digits(v / 1e6, 1)} MB`;
const columns = [
  column(report.measure || "score", s => s.score.mean, scored, smaller ? -1 : 1),
  ...several ? [column("±", s => s.score.n > 1 ? s.score.deviation : undefined, scored)] : [],
  ...report.second_measure ? [column(report.second_measure, s => s.second, scored, smaller ? -1 : 1)] : [],
  column("Parameters", s => s.parameters, v => digits(v, 0)), column("Training, s", s => s.train_seconds, v => digits(v, 1), -1),
  column(report.unit[0].toUpperCase() + report.unit.slice(1) + "/s", s => s.texts_per_second, v => digits(v, 0), 1), column("Size", s => s.bytes, bytes, -1),
];
function summary(root) {
  const best = columns.map(({get, sign}) => sign && sign * Math.max(...systems.filter(measured).map(s => get(s) * sign)));
  root.append(el("div", {class: "card"}, el("table", {},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Encoder"), columns.map(c => el("th", {scope: "col"}, c.name)))),
    el("tbody", {}, systems.map(s => el("tr", {}, el("td", {}, dot(s.colour), s.name, measured(s) ? "" : el("small", {}, "failed")),
      columns.map(({name, get, show}, j) => {
        const value = measured(s) ? get(s) : undefined;
        return el("td", {"data-label": name}, el("span", {class: isNumber(value) && value === best[j] ? "best" : null},
          isNumber(value) ? show(value) : "–"));
      })))))));
}
function scores(root, x, xName, label) {
  const card = el("div", {class: "card"}, el("div", {class: "row apart"}, legend("curve")));
  root.append(card);
  chart(card, () => ({label, logX: true, marked: true, tight: true, xName, format: v => digits(v, 2), lines: visible().map(s => ({name: s.name, colour: s.colour,
    points: s.curve.map(p => ({x: x(p), y: scale * p.score.mean, spread: scale * p.score.deviation,
      note: p.score.n > 1 ? `mean of ${p.score.n} seeds` : ""})).sort((a, b) => a.x - b.x)}))}));
}
const sizes = root => scores(root, p => p.examples, smaller ? "training tokens" : "training examples", "score by training examples");
const times = root => scores(root, p => p.train_seconds, "seconds of training", "score by seconds of training");
function labels_of(root) {
  const rows = report.labels, shown = systems.filter(measured), card = el("div", {class: "card"});
  root.append(card);
  if (rows.length > 12 || shown.length > 12)
    return matrix(card, {source: shown.map(s => s.name), target: rows}, {weights: rows.map((_, i) => shown.map(s => s.f1[i]))});
  card.append(el("div", {class: "wide"}, el("table", {},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Encoder"), rows.map(r => el("th", {scope: "col"}, r)))),
    el("tbody", {}, shown.map(s => el("tr", {}, el("td", {}, dot(s.colour), s.name), s.f1.map((v, i) =>
      el("td", {}, el("span", {class: v === Math.max(...shown.map(o => o.f1[i])) ? "best" : null}, percent(v))))))))));
}
const confusion = root => confusionPicture(root, report.best.scores.labels, report.best.scores.confusion);
function failures(root) {
  root.append(el("div", {class: "card"}, report.cells.filter(c => c.failed).map(c =>
    el("p", {}, `${c.encoder}, ${c.size ? c.size + " examples" : "all examples"}, seed ${c.seed}: ${c.failed}`))));
}
drawSections({summary, sizes, times, labels: labels_of, confusion, failures});
)html";

std::string lead_of(const Json& c) {
  return str("The task ", c["task"].text(), " on the same examples, by ", c["encoders"].array().size(), " encoders; ",
             c["threads"], c["threads"] == Json(1) ? " thread." : " threads.");
}

bool has_curve(const Json& comparison) {
  for (const auto& encoder : comparison["encoders"].array())
    if (encoder["curve"].array().size() > 1) return true;
  return false;
}

}  // namespace

std::string compare_page(const Json& c) {
  Page page{
      .title = c["title"].text(), .lead = lead_of(c), .command = "", .sections = {}, .report = c, .script = script};
  if (const Json* command = c.find("command")) page.command = command->text();
  page.sections.push_back({"summary", "Summary",
                           "Means over the seeds, with the largest training set. The best of each column is in bold."});
  const bool smaller = c["smaller_is_better"].boolean();
  const std::string score = str(c["measure"].text(), smaller ? " (the smaller the better)" : " in percent");
  if (has_curve(c))
    page.sections.push_back({"sizes", "How much data it needs", str("By the size of the training set: ", score, ".")});
  if (!c["best"].is_null())
    page.sections.push_back(
        {"times", "What the score costs",
         str("By the time of training: ", score, "; a line joins the training sets of an encoder.")});
  if (!c["labels"].array().empty()) page.sections.push_back({"labels", "F1 of each label", ""});
  if (const Json* scores = c["best"].find("scores"); scores && scores->find("confusion"))
    page.sections.push_back({"confusion", str("Where ", c["best"]["encoder"].text(), " errs"),
                             "Of the texts of each label (rows), the share that got each answer (columns)."});
  bool failed = false;
  for (const auto& cell : c["cells"].array()) failed |= !cell["failed"].text().empty();
  if (failed) page.sections.push_back({"failures", "What failed", ""});
  return html_page(page);
}

}  // namespace stemma
