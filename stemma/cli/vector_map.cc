#include "stemma/cli/vector_map.h"

#include <algorithm>

#include "stemma/base/check.h"
#include "stemma/cli/page.h"
#include "stemma/cli/terminal.h"

namespace stemma {

namespace {

constexpr char head[] = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Word map</title>
<style>
:root { --paper: #fbfaf7; --card: #fff; --ink: #1d1f24; --soft: #5d626d; --line: #e2dfd8; --mark: #b4540a; --dot: #0b6bb0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --card: #1b1e24; --ink: #e8e6e1; --soft: #a2a7b2; --line: #30343d; --mark: #f0a050; --dot: #62b5f0; }
}
* { box-sizing: border-box; }
html, body { height: 100%; }
body { margin: 0; display: flex; flex-direction: column; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: baseline; padding: .9rem 1.25rem; }
h1 { font: 600 1.35rem/1.2 ui-serif, Charter, Georgia, "Noto Serif", serif; margin: 0; }
p { margin: 0; color: var(--soft); font-size: .875rem; flex: 1 1 20rem; }
input { font: inherit; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card);
  color: var(--ink); width: min(16rem, 100%); }
input:focus-visible, canvas:focus-visible { outline: 2px solid var(--dot); outline-offset: 1px; }
main { position: relative; flex: 1; min-height: 20rem; border-top: 1px solid var(--line); }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; cursor: grab; touch-action: none; }
#near { position: absolute; right: 1rem; top: 1rem; max-width: 15rem; background: var(--card); border-radius: .75rem;
  border: 1px solid var(--line); padding: .8rem 1rem; font-size: .875rem; pointer-events: none; }
#near:empty { display: none; }
#near b { display: block; font-size: 1.05rem; overflow-wrap: anywhere; }
#near span { display: flex; justify-content: space-between; gap: 1rem; color: var(--soft); }
#near span i { font-style: normal; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<header><h1 id="title"></h1><p id="about"></p>
<input id="search" type="search" placeholder="find a word" aria-label="find a word" list="all" autocomplete="off">
<datalist id="all"></datalist></header>
<main><canvas id="map" tabindex="0" role="img" aria-label="words on a plane; the ones that are used alike lie together"></canvas>
<div id="near" aria-live="polite"></div></main>
<script id="data" type="application/json">)html";

constexpr char script[] = R"html(</script>
<script>
'use strict';
const data = JSON.parse(document.getElementById('data').textContent), words = data.words;
const canvas = document.getElementById('map'), pen = canvas.getContext('2d'), near = document.getElementById('near');
const search = document.getElementById('search'), byText = new Map(words.map((w, i) => [w.text, i]));
document.title = data.title;
document.getElementById('title').textContent = data.title;
document.getElementById('about').textContent = data.about;
for (const w of words) document.getElementById('all').append(Object.assign(document.createElement('option'), {value: w.text}));

let scale = 1, left = 0, top_ = 0, hovered = -1, found = -1;
const at = w => [w.x * scale + left, w.y * scale + top_];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name);

function fit() {  // all words in view
  const xs = words.map(w => w.x), ys = words.map(w => w.y), box = canvas.getBoundingClientRect(), edge = 60;
  const wide = Math.max(...xs) - Math.min(...xs) || 1, high = Math.max(...ys) - Math.min(...ys) || 1;
  scale = Math.min((box.width - 2 * edge) / wide, (box.height - 2 * edge) / high);
  left = box.width / 2 - scale * (Math.max(...xs) + Math.min(...xs)) / 2;
  top_ = box.height / 2 - scale * (Math.max(...ys) + Math.min(...ys)) / 2;
}
function draw() {
  const box = canvas.getBoundingClientRect(), sharp = devicePixelRatio || 1;
  canvas.width = box.width * sharp; canvas.height = box.height * sharp;
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  const chosen = hovered >= 0 ? hovered : found, taken = [];
  const close = new Set(chosen < 0 ? [] : words[chosen].near.map(n => byText.get(n[0])));
  // The important ones first: a label that would cover another is left out, its dot stays.
  const rank = i => i === chosen ? 0 : close.has(i) ? 1 : words[i].marked ? 2 : 3;
  const order = words.map((_, i) => i).sort((a, b) => rank(a) - rank(b) || a - b);
  const each = show => {
    for (const i of order) {
      const [x, y] = at(words[i]), strong = rank(i) < 3;
      if (x < -50 || y < -20 || x > box.width + 50 || y > box.height + 20) continue;
      pen.globalAlpha = chosen >= 0 && !strong ? .35 : 1;
      show(i, x, y, strong);
    }
  };
  each((i, x, y, strong) => {
    pen.fillStyle = colour(i === chosen || words[i].marked ? '--mark' : '--dot');
    pen.beginPath(); pen.arc(x, y, strong ? 4 : 2.5, 0, 7); pen.fill();
  });
  each((i, x, y, strong) => {
    pen.font = (strong ? '600 15px ' : '13px ') + 'system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif';
    const size = pen.measureText(words[i].text).width, begin = x + 6 + size > box.width ? x - 6 - size : x + 6;
    const label = [begin, y - 8, begin + size, y + 8];
    if (taken.some(t => label[0] < t[2] && t[0] < label[2] && label[1] < t[3] && t[1] < label[3])) return;
    taken.push(label);
    pen.fillStyle = colour(strong ? '--ink' : '--soft');
    pen.fillText(words[i].text, begin, y + 5);
  });
  pen.globalAlpha = 1;
  near.replaceChildren();
  if (chosen < 0) return;
  near.append(Object.assign(document.createElement('b'), {textContent: words[chosen].text}));
  for (const [text, cosine] of words[chosen].near) {
    const line = Object.assign(document.createElement('span'), {textContent: text});
    line.append(Object.assign(document.createElement('i'), {textContent: cosine}));
    near.append(line);
  }
}
function zoom(factor, x, y) { left = x - (x - left) * factor; top_ = y - (y - top_) * factor; scale *= factor; draw(); }

let held = null;
canvas.addEventListener('pointerdown', e => { held = [e.clientX - left, e.clientY - top_]; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener('pointerup', () => { held = null; });
canvas.addEventListener('pointermove', e => {
  if (held) { left = e.clientX - held[0]; top_ = e.clientY - held[1]; return draw(); }
  const box = canvas.getBoundingClientRect(), mx = e.clientX - box.left, my = e.clientY - box.top;
  let best = 18, now = -1;
  words.forEach((w, i) => { const [x, y] = at(w), far = Math.hypot(x - mx, y - my); if (far < best) { best = far; now = i; } });
  if (now !== hovered) { hovered = now; draw(); }
});
canvas.addEventListener('pointerleave', () => { hovered = -1; draw(); });
canvas.addEventListener('wheel', e => {
  e.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(Math.exp(-e.deltaY / 400), e.clientX - box.left, e.clientY - box.top);
}, {passive: false});
canvas.addEventListener('keydown', e => {
  const step = {ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40]}[e.key];
  const box = canvas.getBoundingClientRect();
  if (step) { left += step[0]; top_ += step[1]; e.preventDefault(); draw(); }
  if (e.key === '+' || e.key === '-') zoom(e.key === '+' ? 1.25 : .8, box.width / 2, box.height / 2);
});
search.addEventListener('input', () => {
  const text = search.value.trim(), low = text.toLowerCase();
  found = byText.has(text) ? byText.get(text) : text === '' ? -1 : words.findIndex(w => w.text.toLowerCase().startsWith(low));
  if (found >= 0) {
    const [x, y] = at(words[found]), box = canvas.getBoundingClientRect();
    if (x < 40 || y < 40 || x > box.width - 80 || y > box.height - 40) { left += box.width / 2 - x; top_ += box.height / 2 - y; }
  }
  draw();
});
addEventListener('resize', () => { fit(); draw(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
fit();
draw();
</script>
</body>
</html>
)html";

// In the order in which they are drawn.
std::vector<int32_t> words_to_draw(const Neighbours& neighbours, const MapRequest& request) {
  const Lexicon& lexicon = neighbours.model().lexicon;
  std::vector<int32_t> out;
  const auto add = [&](int32_t id) {
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  };
  for (const auto& word : request.words) {
    const int32_t id = lexicon.find(word);
    if (id < 0) static_cast<void>(neighbours.unit_vector(word));  // its Error names near spellings
    check(id >= 0, "'", word, "' is no word of the vocabulary, so it has no place on the map");
    add(id);
  }
  if (request.only) return out;
  if (request.words.empty())
    for (int32_t i = 0; i < std::min<int64_t>(request.top, lexicon.words()); ++i) add(i);
  for (const auto& word : request.words)
    for (const auto& n : neighbours.nearest(word, request.top)) add(n.id);
  return out;
}

std::vector<Point> places_of(const std::vector<int32_t>& ids, const VectorTable& units, MapRequest::Method method) {
  std::vector<float> data;
  for (const int32_t id : ids) data.insert(data.end(), units.row(id), units.row(id) + units.width());
  return method == MapRequest::pca ? principal_components(data, units.width()) : tsne(data, units.width());
}

}  // namespace

VectorMap vector_map(Neighbours& neighbours, const MapRequest& request, const std::string& name) {
  constexpr int64_t told = 8;  // neighbours of each word
  const Lexicon& lexicon = neighbours.model().lexicon;
  const auto ids = words_to_draw(neighbours, request);
  check(ids.size() >= 2, "a map needs two words or more");
  neighbours.expect(int64_t(ids.size()));
  const auto places = places_of(ids, neighbours.units(), request.method);
  VectorMap map{str("Word map of ", name),
                str(ids.size(), " of ", with_commas(lexicon.words()), " words by ",
                    request.method == MapRequest::pca ? "their principal components" : "t-SNE",
                    "; drag to move, scroll to zoom, point at a word for its nearest neighbours"),
                {}};
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string word(lexicon.text(ids[i]));
    MappedWord mapped{word, places[i], {}, i < request.words.size()};
    for (const auto& n : neighbours.nearest(word, told))
      mapped.near.push_back({std::string(lexicon.text(n.id)), n.score});
    map.words.push_back(std::move(mapped));
  }
  return map;
}

std::string map_page(const VectorMap& map) {
  Json::Array words;
  for (const auto& w : map.words) {
    Json::Array near;
    for (const auto& n : w.near) near.push_back(Json::Array{Json(n.text), Json(fixed(n.cosine, 3))});
    words.push_back(Json::object({{"text", w.text},
                                  {"x", float(w.place.x)},
                                  {"y", float(-w.place.y)},  // a page counts downwards
                                  {"near", std::move(near)},
                                  {"marked", w.marked}}));
  }
  const Json data = Json::object({{"title", map.title}, {"about", map.about}, {"words", std::move(words)}});
  return head + script_safe(data) + script;
}

}  // namespace stemma
