// What the report page draws of language models: surprise over a text, and how far back gradients reach. Follows
// report_script.h and uses page_blocks.h.
#pragma once

namespace stemma {

inline constexpr char language_script[] = R"html(
// ---- Surprise
const shown = piece => piece === "\n" ? "↵" : readable(piece);
function surprised(text) {
  const note = el("p", {class: "note"}, "\u00a0"), others = el("p", {class: "note"}, "\u00a0");
  const pieces = text.tokens.map((t, i) => el("span", {class: "piece asks", tabindex: 0, onpointerenter: () => look(i),
    onfocus: () => look(i), style: `--w:${Math.min(1.6, text.bits[i] / 7).toFixed(3)}`}, shown(t)));
  function look(i) {
    pieces.forEach((p, k) => p.classList.toggle("on", k === i));
    note.textContent = `${shown(text.tokens[i])}: ${digits(text.bits[i], 2)} bits, p = ${short(2 ** -text.bits[i])}`;
    others.textContent = "expected: " + (text.best?.[i] || []).map(b => `${shown(b.piece)} ${digits(b.p * 100, 1)} %`).join("   ");
  }
  const bits = text.bits.reduce((sum, b) => sum + b, 0) / text.bits.length;
  const out = [el("div", {class: "sentence"}, pieces), note, others,
    el("p", {class: "label"}, `${digits(bits, 2)} bits a piece, perplexity ${digits(2 ** bits, 1)}`)];
  if (pieces.length) look(text.bits.indexOf(Math.max(...text.bits)));
  return out;
}
function surprisal(root) {
  for (const system of systems.filter(s => (s.surprisal || []).length))
    root.append(el("div", {class: "card", style: `--c:${system.colour}`},
      el("h3", {}, dot(system.colour), system.name), system.surprisal.map(surprised)));
}

// ---- How far back a loss reaches
function gradients(root) {
  const card = el("div", {class: "card"}), with_flow = systems.filter(s => s.gradients);
  root.append(card);
  const line = (s, key, dashed) => ({name: dashed ? s.name + ", clipped" : s.name, colour: s.colour, dashed,
    points: (s.gradients[key] || []).map((y, x) => ({x, y})).filter(p => isNumber(p.y) && p.y > 0)});
  chart(card, () => ({label: "gradient norm by distance", log: true, xName: "tokens back", format: short,
    lines: with_flow.flatMap(s => [line(s, "norm", false), line(s, "clipped", true)]).filter(l => l.points.length)}));
  for (const s of with_flow)
    card.append(el("p", {class: "note"}, dot(s.colour), `${s.name}: × ${digits(s.gradients.per_step, 3)} for each token further back`));
}
drawSections({surprisal, gradients});
)html";

}  // namespace stemma
