// What the report page draws of tasks on texts: why an answer was given, what was learned whatever the text. Follows
// report_script.h and uses page_blocks.h.
#pragma once

namespace stemma {

inline constexpr char text_script[] = R"html(
// ---- Why
// The text, each place of `marks` on its colour: --s1 speaks for the answer, --s0 against it.
function coloured_text(text, marks) {
  const letters = [...text], part = (a, b) => letters.slice(a, b).join(""), out = [];
  const most = Math.max(1e-12, ...marks.map(m => Math.abs(m.weight)));
  let at = 0;
  for (const m of [...marks].sort((a, b) => a.begin - b.begin)) {
    if (m.begin < at) continue;
    out.push(part(at, m.begin), el("span", {class: "mark", title: short(m.weight),
      style: `--c:var(${m.weight < 0 ? "--s0" : "--s1"});--w:${(Math.abs(m.weight) / most).toFixed(3)}`}, part(m.begin, m.end)));
    at = m.end;
  }
  return el("p", {class: "text"}, out, part(at, letters.length));
}
function bars(rows, show) {
  const most = Math.max(1e-12, ...rows.map(([, v]) => Math.abs(v)));
  return el("div", {class: "bars"}, rows.map(([name, v]) => [el("span", {}, name),
    el("i", {style: `--share:${(Math.abs(v) / most).toFixed(4)};--c:var(${v < 0 ? "--s0" : "--s1"})`}), el("b", {}, show(v))]));
}
function reasons(e, key, title) {
  const all = e[key] || [], placed = all.filter(m => m.begin >= 0), loose = all.filter(m => m.begin < 0);
  if (!all.length) return [];
  return [el("p", {class: "label"}, title),
    placed.length ? e.texts.map((t, i) => [t, placed.filter(m => (m.document || 0) === i)]).filter(([, m]) => m.length || key === "saliency")
      .map(([t, m]) => coloured_text(t, m)) : "",
    loose.length ? bars(loose.slice(0, 16).map(m => [m.text, m.weight]), short) : ""];
}
const square = (root, m) => matrix(root, {source: m.labels, target: m.labels}, {plain: true,
  weights: m.values.map(row => row.map(v => isNumber(v) ? Math.max(0, v) : v))});
function explained(root) {
  for (const system of systems.filter(s => (s.explained || []).length))
    for (const e of system.explained) {
      const p = Object.entries(e.answer.probabilities || {}).map(([l, v]) => [e.options?.[l] ?? l, v])
        .concat((e.answer.nbest || []).map(s => [s.text.length > 60 ? s.text.slice(0, 59) + "…" : s.text, s.probability])).sort((a, b) => b[1] - a[1]);
      const card = el("div", {class: "card", style: `--c:${system.colour}`}, el("h3", {}, e.line),
        p.length ? bars(p.slice(0, 12), v => `${digits(100 * v, 1)} %`) : "",
        reasons(e, "saliency", e.measure + ((e.saliency || []).some(m => m.weight < 0) ? ": blue speaks for the answer, orange against it" : "")),
        reasons(e, "attention", "where it looks"), reasons(e, "start", "where the answer begins"), reasons(e, "end", "where it ends"));
      root.append(card);
      if (e.question_of_context) {
        card.append(el("p", {class: "label"}, "what each word of the text (rows) sees of the question (columns)"));
        matrix(card, {source: e.question.map(q => q.text), target: e.start.map(w => w.text)}, {weights: e.question_of_context});
      }
      if (e.influence) card.append(el("p", {class: "label"}, "of each word (columns) on each answer (rows)")), square(card, e.influence);
    }
}
function transitions(root) {
  const e = systems.flatMap(s => s.explained || []).find(e => e.transitions), card = el("div", {class: "card", style: "--c:var(--s1)"});
  root.append(card);
  if (e.transitions.of) card.append(el("p", {class: "note"}, `The strongest among ${e.transitions.of} tags.`));
  square(card, e.transitions);
}
function heaviest(root) {
  for (const system of systems.filter(s => (s.heaviest || []).length))
    root.append(el("div", {class: "two"}, system.heaviest.map(h => el("div", {class: "card"}, el("h3", {}, h.label),
      bars(h.features.map(f => [f.text, f.weight]), short)))));
}
function filters(root) {
  for (const system of systems.filter(s => (s.filters || []).length))
    root.append(el("div", {class: "card wide"}, el("table", {class: "left"},
      el("thead", {}, el("tr", {}, ["Filter", "Speaks for", "Weight", "n-grams that excite it most"].map(t => el("th", {scope: "col"}, t)))),
      el("tbody", {}, system.filters.map(f => el("tr", {}, el("td", {class: "whole"}, `${f.width} wide, ${f.filter}`), el("td", {}, f.label),
        el("td", {}, short(f.weight)), el("td", {}, f.ngrams.map(n => el("span", {class: "mark", title: short(n.activation),
          style: `--c:var(--s1);--w:${(n.activation / f.ngrams[0].activation).toFixed(3)}`}, n.text)))))))));
}
drawSections({explained, transitions, heaviest, filters});
)html";

}  // namespace stemma
