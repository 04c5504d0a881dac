// The script of the report page, after page_blocks.h: draws each section the page has.
#pragma once

namespace stemma {

inline constexpr char report_script[] = R"html(
const systems = coloured(report.systems || []);

// ---- Summary
const columns = [
  ["Parameters", s => s.parameters, v => digits(v, 0)], ["Train tokens/s", s => s.train_tokens_per_second, v => digits(v, 0), 1],
  ["Loss", s => s.loss, v => digits(v, 3), -1], ["BLEU test", s => s.bleu, v => digits(v, 1), 1],
  ["BLEU long", s => s.bleu_long, v => digits(v, 1), 1], ["Greedy", s => s.greedy_bleu, v => digits(v, 1), 1],
  ["Beam 4", s => s.beam_bleu, v => digits(v, 1), 1], ["ms / sentence", s => s.ms_per_sentence, v => digits(v, 1), -1],
].filter(([, get]) => systems.some(s => isNumber(get(s))));
function summary(root) {
  const best = columns.map(([, get, , sign]) => {
    const values = systems.map(get).filter(isNumber);
    return sign && values.length > 1 ? sign * Math.max(...values.map(v => v * sign)) : undefined;
  });
  root.append(el("div", {class: "card"}, el("table", {},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "System"), columns.map(([name]) => el("th", {scope: "col"}, name)))),
    el("tbody", {}, systems.map(s => el("tr", {},
      el("td", {}, dot(s.colour), s.name, s.about && el("small", {}, s.about)),
      columns.map(([name, get, show], j) => el("td", {"data-label": name},
        el("span", {class: isNumber(get(s)) && get(s) === best[j] ? "best" : null}, show(get(s)))))))))));
  if (systems.length < 2) root.querySelector(".about").remove();
}

function lengths(root) {
  const ranges = [...new Set(systems.flatMap(s => (s.bleu_by_length || []).map(b => b.range)))]
    .sort((a, b) => parseInt(a) - parseInt(b));
  ranges.unit = "tokens";
  const card = el("div", {class: "card"});
  root.append(card);
  if (systems.length > 1) card.append(el("div", {class: "row apart"}, legend("bleu_by_length")));
  chart(card, () => ({
    label: "BLEU by source length", categories: ranges, xName: "source tokens", from: 0, to: 100, format: v => digits(v, 1),
    lines: visible().map(s => ({name: s.name, colour: s.colour, points: (s.bleu_by_length || []).filter(b => isNumber(b.bleu))
      .map(b => ({x: ranges.indexOf(b.range), y: b.bleu, note: isNumber(b.sentences) ? `${b.sentences} sentences` : ""}))})),
  }));
}
function thinned(points, most = 400) {
  const out = [], n = points.length;
  for (let k = 0; k < Math.min(n, most); ++k) {
    const part = points.slice(Math.floor(k * n / Math.min(n, most)), Math.floor((k + 1) * n / Math.min(n, most)));
    out.push({x: part.at(-1).x, y: part.reduce((sum, p) => sum + p.y, 0) / part.length});
  }
  return out;
}
function curves(root) {
  let x = "step", log = false;
  const redraw = () => redraws.forEach(f => f());
  const all = systems.flatMap(s => s.curve || []), has = key => all.some(p => isNumber(p[key]));
  const line = (s, key, dashed) => ({name: dashed ? s.name + ", held out" : s.name, colour: s.colour, dashed,
    points: thinned((s.curve || []).filter(p => isNumber(p[key]) && isNumber(p[x])).map(p => ({x: p[x], y: p[key]})))});
  root.append(el("div", {class: "row apart"}, systems.length > 1 ? legend("curve") : "", el("div", {class: "row"},
    has("step") && has("seconds") ? choice(["by step", "by time"], 0, i => { x = i ? "seconds" : "step"; redraw(); }) : "",
    choice(["linear", "log"], 0, i => { log = !!i; redraw(); }))));
  const grid = el("div", {class: "two"});
  root.append(grid);
  for (const [key, title] of [["loss", "Loss"], ["grad_norm", "Gradient norm"]]) {
    if (!has(key) && !(key === "loss" && has("valid_loss"))) continue;
    const card = el("div", {class: "card"}, el("h3", {}, title));
    grid.append(card);
    chart(card, () => ({label: title, log, xName: x === "step" ? "step" : "seconds", format: short,
      lines: visible().flatMap(s => [line(s, key, false), ...(key === "loss" ? [line(s, "valid_loss", true)] : [])])
        .filter(l => l.points.length)}));
    if (key === "loss" && has("valid_loss")) card.append(el("p", {class: "note"}, "Dotted: loss on held-out sentences."));
  }
}

// ---- Attention
const headName = m => m.head === undefined ? m.layer || "attention" : `${m.layer || "attention"}, head ${m.head}`;
// What a reader asks first: from target to source, in the last layer, all heads together.
function overall(example) {
  const cross = (example.attention || []).filter(m => side(m, "rows") === "target" && side(m, "columns") === "source");
  const last = cross.filter(m => m.layer === cross.at(-1).layer);
  if (!last.length) return null;
  return {...last[0], head: undefined,
    weights: last[0].weights.map((row, i) => row.map((_, j) => last.reduce((sum, m) => sum + (m.weights[i]?.[j] ?? 0), 0) / last.length))};
}
function translation(system, example) {
  const m = overall(example), text = joined(example.target || []);
  const sources = (example.source || []).map(p => el("span", {class: "piece"}, readable(p)));
  let mark = () => {};
  const targets = (example.target || []).map((p, i) => el("span", m ? {class: "piece asks", tabindex: 0, role: "button",
    onpointerenter: () => look(i), onfocus: () => look(i), onclick: () => look(i)} : {class: "piece"}, readable(p)));
  function look(i) {
    const row = m.weights[i] || [], most = Math.max(1e-9, ...row.filter(isNumber));
    targets.forEach((t, k) => t.classList.toggle("on", k === i));
    sources.forEach((s, j) => {
      s.style.setProperty("--w", (isNumber(row[j]) ? row[j] / Math.max(most, .3) : 0).toFixed(3));
      s.title = isNumber(row[j]) ? `${digits(row[j] * 100, 1)} %` : "";
    });
    mark(i);
  }
  const card = el("div", {class: "card", style: `--c:${system.colour}`}, el("h3", {}, dot(system.colour), system.name),
    el("p", {class: "label"}, "source"), el("div", {class: "sentence"}, sources),
    el("p", {class: "label"}, example.reference && text === example.reference ? "translation, equal to the reference" : "translation"),
    el("div", {class: "sentence"}, targets),
    example.reference && text !== example.reference ? [el("p", {class: "label"}, "reference"), el("p", {class: "reference"}, example.reference)] : "");
  if (m) {
    mark = matrix(card, example, m, look);
    look(Math.floor(targets.length / 2));
  } else {
    card.append(el("p", {class: "note"}, "This system has no attention from the translation to the source."));
  }
  if ((example.nbest || []).length > 1)
    card.append(el("p", {class: "label"}, "other translations, with their scores"), el("ol", {class: "nbest"},
      example.nbest.map(n => el("li", {}, n.text, " ", el("span", {}, digits(n.score, 2))))));
  return card;
}
// Buttons for the sentences, and a place that shows the chosen one.
function sentences(root, show) {
  const first = systems.find(s => (s.examples || []).length).examples, place = el("div");
  const act = i => { place.replaceChildren(); show(place, i); };
  if (first.length > 1) root.append(fill(choice(first.map(e => joined(e.source || [])), 0, act), {class: "row choose"}, []));
  root.append(place);
  act(0);
}
function attention(root) {
  sentences(root, (place, i) => place.append(el("div", {class: systems.some(s => s.examples?.[i]?.source?.length > 24) ? "one" : "two"},
    systems.filter(s => s.examples?.[i]).map(s => translation(s, s.examples[i])))));
}

// ---- Every head
const dialog = document.body.appendChild(el("dialog", {onclick: e => { if (e.target === dialog) dialog.close(); }}));
function enlarge(system, example, m) {
  const card = el("div", {style: `--c:${system.colour}`}, el("div", {class: "bar"},
    el("h3", {}, dot(system.colour), `${system.name}: ${headName(m)}`),
    el("button", {type: "button", onclick: () => dialog.close()}, "Close")),
    el("p", {class: "note"}, `rows: ${side(m, "rows")}, columns: ${side(m, "columns")}`));
  matrix(card, example, m);
  dialog.replaceChildren(card);
  dialog.showModal();
}
function small(system, m) {
  const canvas = el("canvas", {width: Math.max(1, m.weights[0]?.length || 0), height: Math.max(1, m.weights.length), style: `--c:${system.colour}`});
  canvas.paint = () => {
    const pen = canvas.getContext("2d"), most = strongest(m);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    canvas.style.color = system.colour;
    pen.fillStyle = getComputedStyle(canvas).color;
    m.weights.forEach((row, i) => row.forEach((w, j) => {
      pen.globalAlpha = isNumber(w) ? Math.max(0, w / most) : 0;
      pen.fillRect(j, i, 1, 1);
    }));
  };
  requestAnimationFrame(canvas.paint);
  return canvas;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.querySelectorAll("canvas").forEach(c => c.paint()));
function heads(root) {
  sentences(root, (place, i) => {
    for (const system of systems) {
      const example = system.examples?.[i], all = (example?.attention || []).filter(m => m.head !== undefined);
      if (!all.length) continue;
      const picture = m => el("button", {type: "button", "aria-label": `enlarge ${headName(m)}`,
        onclick: () => enlarge(system, example, m)}, small(system, m), el("span", {}, `head ${m.head}`));
      place.append(el("div", {class: "card"}, el("h3", {}, dot(system.colour), system.name), el("div", {class: "layers"},
        [...new Set(all.map(m => m.layer))].map(layer => el("div", {}, el("p", {class: "label"}, layer),
          el("div", {class: "heads"}, all.filter(m => m.layer === layer).map(picture)))))));
    }
  });
}

// ---- Parameters: names with dots become a tree
function tree(root) {
  const grid = el("div", {class: systems.length > 1 ? "two" : ""});
  root.append(grid);
  for (const system of systems.filter(s => (s.tree || []).length)) {
    const top = {name: system.name, parameters: 0, children: new Map()};
    for (const {name, shape, parameters} of system.tree) {
      let node = top;
      top.parameters += parameters || 0;
      for (const part of name.split(".")) {
        if (!node.children.has(part)) node.children.set(part, {name: part, parameters: 0, children: new Map()});
        node = node.children.get(part);
        node.parameters += parameters || 0;
      }
      node.shape = shape;
    }
    const line = node => [el("span", {class: "name"}, node.name), el("span", {class: "shape"}, node.shape ? node.shape.join(" × ") : ""),
      el("b", {style: `--share:${(node.parameters / (top.parameters || 1)).toFixed(4)};--c:${system.colour}`}, node.parameters.toLocaleString("en"))];
    const build = (node, depth) => node.children.size
      ? el("details", {open: depth < 1 ? "" : null, class: depth ? "" : "root"}, el("summary", {class: "branch"}, line(node)),
          [...node.children.values()].map(child => build(child, depth + 1)))
      : el("div", {}, el("div", {class: "branch leaf"}, line(node)));
    grid.append(el("div", {class: "card"}, build(top, 0)));
  }
}

drawSections({summary, lengths, curves, attention, heads, tree});
)html";

}  // namespace stemma
