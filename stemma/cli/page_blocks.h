// What every page's script begins with: elements, numbers, charts, matrices. Plain JavaScript; `report` is the page's
// JSON. A page's own script defines `systems`: [{name, colour, shown, ...}] by `coloured`, and ends with drawSections.
// Text reaches a page only through textContent and attributes, so none can become markup.
#pragma once

namespace stemma {

inline constexpr char page_blocks[] = R"html(
"use strict";
const report = JSON.parse(document.getElementById("report").textContent);
const section = id => document.getElementById(id);
const isNumber = v => typeof v === "number" && isFinite(v);

// ---- Building blocks
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {}))
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  node.append(...children.flat(Infinity).filter(c => c !== undefined && c !== null && c !== ""));
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
const coloured = list => list.map((s, i) => ({...s, colour: `var(--s${i % 8})`, shown: true}));

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
// lines: [{name, colour, dashed, points: [{x, y, spread, note}]}]; names of x instead of numbers: categories; log, logX: of
// the axes; marked: every point has a dot, and its spread a bar; tight: zero need not be seen
function chart(root, make) {
  const box = el("div", {class: "chart"}), tip = el("div", {class: "tip", role: "status"});
  root.append(box);
  function draw() {
    const {lines, log, logX, label, categories, xName, from, to, format, marked, tight} = make();
    const W = Math.max(260, box.clientWidth), H = Math.min(320, Math.max(220, W * .55));
    const left = 44, right = 24, top = 12, bottom = 40;
    const points = lines.flatMap(l => l.points).filter(p => !log || p.y > 0), xs = points.map(p => p.x), ys = points.flatMap(p => [p.y - (p.spread || 0), p.y + (p.spread || 0)]);
    const span = (values, low, high) => [low ?? Math.min(...values), high ?? Math.max(...values)];
    let [x0, x1] = points.length ? span(xs) : [0, 1], [y0, y1] = points.length ? span(ys, from, to) : [1, 2];
    if (categories) [x0, x1] = [-.5, categories.length - .5];
    if (x0 === x1) [x0, x1] = logX ? [x0 / 1.1, x1 * 1.1] : [x0, x0 + 1];
    if (log) [y0, y1] = [y0 / 1.08, y1 * 1.08];
    else if (from === undefined) [y0, y1] = [!tight && y0 > 0 && y0 < y1 / 2 ? 0 : y0 - (y1 - y0) * .06, y1 + (y1 - y0) * .06];
    if (y0 === y1) [y0, y1] = [y0 - .5, y1 + .5];
    const f = log ? Math.log : v => v, g = logX ? Math.log : v => v, across = g(x1) - g(x0);
    const px = x => left + (g(x) - g(x0)) / across * (W - left - right);
    const py = y => top + (f(y1) - f(y)) / (f(y1) - f(y0)) * (H - top - bottom);
    const node = svg("svg", {viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label});
    for (const t of log ? logTicks(y0, y1) : linearTicks(y0, y1))
      node.append(svg("line", {class: "grid", x1: left, x2: W - right, y1: py(t), y2: py(t)}),
                  svg("text", {x: left - 8, y: py(t) + 4, "text-anchor": "end"}, short(t)));
    const sparse = categories && px(1) - px(0) < 42 ? 2 : 1;
    for (const t of categories ? categories.keys() : logX && x1 > 4 * x0 ? logTicks(x0, x1) : linearTicks(x0, x1))
      if (t % sparse === 0 || !categories)
        node.append(svg("text", {x: px(t), y: H - bottom + 18, "text-anchor": "middle"}, categories ? categories[t] : short(t)));
    node.append(svg("text", {x: W - right, y: H - 5, "text-anchor": "end"}, xName));
    for (const line of lines) {
      const kept = line.points.filter(p => !log || p.y > 0);
      if (!kept.length) continue;
      node.append(svg("path", {class: line.dashed ? "dashed" : "", style: `--c:${line.colour}`,
        d: kept.map((p, i) => `${i ? "L" : "M"}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join("")}));
      for (const p of kept) if (marked && p.spread)
        node.append(svg("path", {style: `--c:${line.colour}`, d: `M${px(p.x)} ${py(p.y - p.spread)}L${px(p.x)} ${py(p.y + p.spread)}`}));
      if (categories || marked || kept.length === 1)
        for (const p of kept) node.append(svg("circle", {cx: px(p.x), cy: py(p.y), r: 4, style: `--c:${line.colour}`}));
    }
    const marks = svg("g");
    node.append(marks);
    const hide = () => { marks.replaceChildren(); tip.style.visibility = "hidden"; };
    node.addEventListener("pointerleave", hide);
    node.addEventListener("pointermove", event => {
      const x = g(x0) + ((event.clientX - box.getBoundingClientRect().left) * W / box.clientWidth - left) / (W - left - right) * across;
      const away = p => Math.abs(g(p.x) - x);
      const near = lines.map(l => [l, l.points.reduce((a, p) => !a || away(p) < away(a) ? p : a, null)])
        .filter(([, p]) => p && (!categories || away(p) <= .5));
      if (!near.length) return hide();
      const at = near.map(([, p]) => p).sort((a, b) => away(a) - away(b))[0].x;
      const close = near.filter(([, p]) => Math.abs(g(p.x) - g(at)) <= across / 25);
      marks.replaceChildren(svg("line", {class: "cross", x1: px(at), x2: px(at), y1: top, y2: H - bottom}),
        ...close.filter(([, p]) => !log || p.y > 0).map(([l, p]) => svg("circle", {cx: px(p.x), cy: py(p.y), r: 4.5, style: `--c:${l.colour}`})));
      const notes = [...new Set(close.map(([, p]) => p.note).filter(Boolean))];
      tip.replaceChildren(el("div", {}, categories ? `${categories[at]} ${categories.unit || ""}` : `${xName} ${short(at)}`),
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
// ---- Matrices: {rows, columns, weights}, the first two "source" or "target" of the example, whose labels are lists
const side = (m, key) => m[key] || (key === "rows" ? "target" : "source");
const labels = (example, m, key) => side(m, key) === "source" ? example.source : example.target;
const strongest = m => Math.max(1e-9, ...m.weights.flat().filter(isNumber));
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
    if (j !== undefined) note.textContent = `${readable(rows[i])} → ${readable(cols[j])}: ${m.plain ? short(m.weights[i][j]) : digits(m.weights[i][j] * 100, 1) + " %"}`;
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
// How many of each label (row) got each answer (column), as shares of the row: a table, or a matrix where they are many.
function confusionPicture(root, labels, counts) {
  const card = el("div", {class: "card", style: "--c:var(--s1)"});
  root.append(card);
  const weights = counts.map(row => row.map(n => n / Math.max(1, row.reduce((a, b) => a + b))));
  if (labels.length > 12) return matrix(card, {source: labels, target: labels}, {weights});
  card.append(el("div", {class: "wide"}, el("table", {class: "heat"},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "is \u2193  answered \u2192"), labels.map(l => el("th", {scope: "col"}, l)))),
    el("tbody", {}, labels.map((l, i) => el("tr", {}, el("td", {}, l), weights[i].map((w, j) =>
      el("td", {style: `--w:${w.toFixed(3)}`, title: counts[i][j]}, digits(100 * w, 1)))))))));
}
const drawSections = all => Object.entries(all).forEach(([id, draw]) => { if (section(id)) draw(section(id)); });
)html";

}  // namespace stemma
