// The script of the report page: plain JavaScript that draws each section the page has from the embedded JSON. Text
// reaches the page only through textContent and attributes, so no sentence can become markup.
#pragma once

namespace stemma {

inline constexpr char page_script[] = R"html(
"use strict";
const report = JSON.parse(document.getElementById("report").textContent);
const systems = (report.systems || []).map((s, i) => ({...s, colour: `var(--s${i % 6})`, shown: true}));
const section = id => document.getElementById(id);
const isNumber = v => typeof v === "number" && isFinite(v);

// ---- Building blocks
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {}))
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  node.append(...children.flat().filter(c => c !== undefined && c !== null && c !== ""));
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const dot = colour => el("span", {class: "dot", style: `--c:${colour}`});
function digits(v, n) {
  return isNumber(v) ? v.toLocaleString("en", {minimumFractionDigits: n, maximumFractionDigits: n}) : "–";
}
const short = v => !isNumber(v) ? "–" : Math.abs(v) >= 1e4 || (v && Math.abs(v) < 1e-3)
  ? v.toLocaleString("en", {notation: Math.abs(v) < 1 ? "scientific" : "compact", maximumFractionDigits: 1})
  : v.toLocaleString("en", {maximumSignificantDigits: 4});
const readable = piece => piece.replace(/^\u2581/, "") || "␣";
const joined = pieces => pieces.some(p => p.includes("\u2581"))
  ? pieces.join("").replace(/\u2581/g, " ").trim()
  : pieces.join(pieces.every(p => /^[\u2e80-\u9fff\uff00-\uffef]+$/.test(p)) ? "" : " ");
function choice(names, chosen, act) {
  const buttons = names.map((name, i) => el("button", {type: "button", "aria-pressed": i === chosen, onclick: () => {
    buttons.forEach((b, j) => b.setAttribute("aria-pressed", i === j));
    act(i);
  }}, name));
  return el("div", {class: "row"}, buttons);
}
function legend(key) {
  return el("div", {class: "row legend"}, systems.filter(s => (s[key] || []).length).map(s => {
    const button = el("button", {type: "button", "aria-pressed": true, onclick: () => {
      s.shown = !s.shown;
      document.querySelectorAll(".legend button").forEach(b => b.refresh());
      redraws.forEach(f => f());
    }}, dot(s.colour), s.name);
    button.refresh = () => button.setAttribute("aria-pressed", s.shown);
    return button;
  }));
}
const redraws = [];

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

// ---- Charts
function linearTicks(low, high) {
  const raw = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(m => m * power).find(m => m >= raw * .8);
  const out = [];
  for (let t = Math.ceil(low / step - 1e-9) * step; t <= high + step * 1e-9; t += step) out.push(+t.toPrecision(12));
  return out;
}
function logTicks(low, high) {
  const few = high / low > 1e3, out = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e)
    for (const m of few ? [1] : [1, 2, 5]) out.push(+(m * 10 ** e).toPrecision(6));
  return out.filter(t => t >= low * 0.999 && t <= high * 1.001);
}
// lines: [{name, colour, dashed, points: [{x, y, note}]}]; names of x instead of numbers: categories
function chart(root, make) {
  const box = el("div", {class: "chart"}), tip = el("div", {class: "tip", role: "status"});
  root.append(box);
  function draw() {
    const {lines, log, label, categories, xName, from, to, format} = make();
    const W = Math.max(260, box.clientWidth), H = Math.min(320, Math.max(220, W * .55));
    const left = 44, right = 24, top = 12, bottom = 40;
    const points = lines.flatMap(l => l.points).filter(p => !log || p.y > 0), xs = points.map(p => p.x), ys = points.map(p => p.y);
    const span = (values, low, high) => [low ?? Math.min(...values), high ?? Math.max(...values)];
    let [x0, x1] = points.length ? span(xs) : [0, 1], [y0, y1] = points.length ? span(ys, from, to) : [1, 2];
    if (categories) [x0, x1] = [-.5, categories.length - .5];
    if (x0 === x1) x1 = x0 + 1;
    if (log) [y0, y1] = [y0 / 1.08, y1 * 1.08];
    else if (from === undefined) [y0, y1] = [y0 > 0 && y0 < y1 / 2 ? 0 : y0 - (y1 - y0) * .06, y1 + (y1 - y0) * .06];
    if (y0 === y1) [y0, y1] = [y0 - .5, y1 + .5];
    const f = log ? Math.log : v => v;
    const px = x => left + (x - x0) / (x1 - x0) * (W - left - right);
    const py = y => top + (f(y1) - f(y)) / (f(y1) - f(y0)) * (H - top - bottom);
    const node = svg("svg", {viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label});
    for (const t of log ? logTicks(y0, y1) : linearTicks(y0, y1))
      node.append(svg("line", {class: "grid", x1: left, x2: W - right, y1: py(t), y2: py(t)}),
                  svg("text", {x: left - 8, y: py(t) + 4, "text-anchor": "end"}, short(t)));
    const sparse = categories && px(1) - px(0) < 42 ? 2 : 1;
    for (const t of categories ? categories.keys() : linearTicks(x0, x1))
      if (t % sparse === 0 || !categories)
        node.append(svg("text", {x: px(t), y: H - bottom + 18, "text-anchor": "middle"}, categories ? categories[t] : short(t)));
    node.append(svg("text", {x: W - right, y: H - 5, "text-anchor": "end"}, xName));
    for (const line of lines) {
      const kept = line.points.filter(p => !log || p.y > 0);
      if (!kept.length) continue;
      node.append(svg("path", {class: line.dashed ? "dashed" : "", style: `--c:${line.colour}`,
        d: kept.map((p, i) => `${i ? "L" : "M"}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join("")}));
      if (categories || kept.length === 1)
        for (const p of kept) node.append(svg("circle", {cx: px(p.x), cy: py(p.y), r: 4, style: `--c:${line.colour}`}));
    }
    const marks = svg("g");
    node.append(marks);
    const hide = () => { marks.replaceChildren(); tip.style.visibility = "hidden"; };
    node.addEventListener("pointerleave", hide);
    node.addEventListener("pointermove", event => {
      const x = x0 + ((event.clientX - box.getBoundingClientRect().left) * W / box.clientWidth - left) / (W - left - right) * (x1 - x0);
      const near = lines.map(l => [l, l.points.reduce((a, p) => !a || Math.abs(p.x - x) < Math.abs(a.x - x) ? p : a, null)])
        .filter(([, p]) => p && (!categories || Math.abs(p.x - x) <= .5));
      if (!near.length) return hide();
      const at = near.map(([, p]) => p.x).sort((a, b) => Math.abs(a - x) - Math.abs(b - x))[0];
      const close = near.filter(([, p]) => Math.abs(p.x - at) <= (x1 - x0) / 25);
      marks.replaceChildren(svg("line", {class: "cross", x1: px(at), x2: px(at), y1: top, y2: H - bottom}),
        ...close.filter(([, p]) => !log || p.y > 0).map(([l, p]) => svg("circle", {cx: px(p.x), cy: py(p.y), r: 4.5, style: `--c:${l.colour}`})));
      const notes = [...new Set(close.map(([, p]) => p.note).filter(Boolean))];
      tip.replaceChildren(el("div", {}, categories ? `${categories[at]} tokens` : `${xName} ${short(at)}`),
        ...close.map(([l, p]) => el("div", {}, dot(l.colour), l.name, el("b", {}, format(p.y)))),
        ...(notes.length === 1 ? [el("div", {}, notes[0])] : []));
      const width = tip.offsetWidth, place = px(at) * box.clientWidth / W;
      tip.style.left = Math.max(0, place + width + 12 < box.clientWidth ? place + 12 : place - width - 12) + "px";
      tip.style.visibility = "visible";
    });
    box.replaceChildren(node, tip);
  }
  redraws.push(draw);
  new ResizeObserver(draw).observe(root);
  draw();
}
const visible = () => systems.filter(s => s.shown);
function lengths(root) {
  const ranges = [...new Set(systems.flatMap(s => (s.bleu_by_length || []).map(b => b.range)))]
    .sort((a, b) => parseInt(a) - parseInt(b));
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
)html"
                                      R"html(
// ---- Attention
const side = (m, key) => m[key] || (key === "rows" ? "target" : "source");
const labels = (example, m, key) => side(m, key) === "source" ? example.source : example.target;
const strongest = m => Math.max(1e-9, ...m.weights.flat().filter(isNumber));
const headName = m => m.head === undefined ? m.layer || "attention" : `${m.layer || "attention"}, head ${m.head}`;
// What a reader asks first: from target to source, in the last layer, all heads together.
function overall(example) {
  const cross = (example.attention || []).filter(m => side(m, "rows") === "target" && side(m, "columns") === "source");
  const last = cross.filter(m => m.layer === cross.at(-1).layer);
  if (!last.length) return null;
  return {...last[0], head: undefined,
    weights: last[0].weights.map((row, i) => row.map((_, j) => last.reduce((sum, m) => sum + (m.weights[i]?.[j] ?? 0), 0) / last.length))};
}
const ruler = document.createElement("canvas").getContext("2d");
ruler.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
// The whole matrix with its labels; returns a function that marks a row.
function matrix(root, example, m, act) {
  const rows = labels(example, m, "rows").slice(0, m.weights.length), cols = labels(example, m, "columns");
  const cell = 22, width = t => ruler.measureText(readable(t)).width;
  const left = Math.max(...rows.map(width), 0) + 10, upright = cols.some(c => width(c) > cell);
  const top = (upright ? Math.max(...cols.map(width)) : 14) + 8;
  const W = left + cols.length * cell + 1, H = top + rows.length * cell + 1, most = strongest(m);
  const node = svg("svg", {class: cols.length > 18 ? "matrix large" : "matrix", viewBox: `0 0 ${W} ${H}`, style: `max-width:${W * 1.15}px`, role: "img",
    "aria-label": `attention weights, ${rows.length} rows by ${cols.length} columns`});
  const rowTexts = rows.map((t, i) => svg("text", {x: left - 6, y: top + i * cell + 15, "text-anchor": "end"}, readable(t)));
  const colTexts = cols.map((t, j) => {
    const x = left + j * cell + cell / 2;
    return upright ? svg("text", {transform: `translate(${x + 4} ${top - 6}) rotate(-90)`}, readable(t))
                   : svg("text", {x, y: top - 6, "text-anchor": "middle"}, readable(t));
  });
  node.append(...rowTexts, ...colTexts);
  rows.forEach((_, i) => cols.forEach((_, j) => node.append(svg("rect", {x: left + j * cell + .5, y: top + i * cell + .5,
    width: cell - 1, height: cell - 1, "fill-opacity": isNumber(m.weights[i][j]) ? (m.weights[i][j] / most).toFixed(3) : 0}))));
  node.append(svg("rect", {class: "frame", x: left, y: top, width: cols.length * cell, height: rows.length * cell}));
  const frame = svg("rect", {class: "on", x: left, width: cols.length * cell, height: cell, visibility: "hidden"});
  const hit = svg("rect", {class: "hit", x: left, y: top, width: cols.length * cell, height: rows.length * cell});
  const note = el("p", {class: "note"}, "\u00a0");
  function mark(i, j) {
    frame.setAttribute("y", top + i * cell);
    frame.setAttribute("visibility", i >= 0 && i < rows.length ? "visible" : "hidden");
    rowTexts.forEach((t, k) => t.setAttribute("class", k === i ? "on" : ""));
    colTexts.forEach((t, k) => t.setAttribute("class", k === j ? "on" : ""));
    if (j !== undefined) note.textContent = `${readable(rows[i])} → ${readable(cols[j])}: ${digits(m.weights[i][j] * 100, 1)} %`;
  }
  hit.addEventListener("pointermove", event => {
    const area = hit.getBoundingClientRect();
    const i = Math.floor((event.clientY - area.top) / area.height * rows.length);
    const j = Math.floor((event.clientX - area.left) / area.width * cols.length);
    if (!rows[i] || !cols[j] || !isNumber(m.weights[i]?.[j])) return;
    if (act) act(i);
    mark(i, j);
  });
  node.append(frame, hit);
  root.append(node, note);
  return mark;
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

for (const [id, draw] of Object.entries({summary, lengths, curves, attention, heads, tree})) if (section(id)) draw(section(id));
)html";

}  // namespace stemma
