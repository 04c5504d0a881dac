// The head and the style of every page. Colours are tokens, given once for light and once for dark; the systems'
// colours stay apart for colour-blind eyes and have a contrast of at least 3 to 1 with the background.
#pragma once

namespace stemma {

inline constexpr char page_head[] = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)html";

inline constexpr char page_style[] = R"html(<style>
:root {
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d1f24; --soft: #5d626d; --line: #e2dfd8; --grid: #ece9e2;
  --s0: #b4540a; --s1: #0b6bb0; --s2: #0f7f5f; --s3: #8a3f9c; --s4: #6b6b00; --s5: #a3304a;
  --s6: #5a6270; --s7: #c2348a; --shadow: 0 1px 2px #0000000d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1b1e24; --ink: #e8e6e1; --soft: #a2a7b2; --line: #30343d; --grid: #282c34;
    --s0: #f0a050; --s1: #62b5f0; --s2: #4cc9a0; --s3: #d394e4; --s4: #d2cf5c; --s5: #f08a9c;
    --s6: #aab2c0; --s7: #ff8fcf; --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 3.5rem 1.5rem 5rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2 { font-family: ui-serif, "Iowan Old Style", Charter, Georgia, "Noto Serif", serif; font-weight: 600; }
h1, h2 { line-height: 1.2; text-wrap: balance; margin: 0; letter-spacing: -0.01em; }
h1 { font-size: clamp(1.9rem, 1.4rem + 2.2vw, 2.8rem); }
h2 { font-size: 1.5rem; }
h2 + .card, section > .card + .card { margin-top: 1rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; }
.lead { font-size: 1.125rem; color: var(--soft); max-width: 42rem; margin: .6rem 0 0; }
.about, .note { color: var(--soft); margin: .25rem 0 1.25rem; max-width: 42rem; }
.note { font-size: .875rem; margin: .5rem 0 0; }
code { font: .875em/1.5 ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; color: var(--soft); }
header { margin-bottom: 3rem; }
section { margin-bottom: 3.5rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
.card { box-shadow: var(--shadow); min-width: 0; }
.one { display: grid; gap: 1.25rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 1.25rem; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.apart { justify-content: space-between; }
.apart, .choose { margin-bottom: .75rem; }
.dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; background: var(--c); margin-right: .5em; }
.dot { flex: none; }
button {
  font: inherit; font-size: .875rem; line-height: 1.4; color: inherit; background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 2rem; padding: .3rem .8rem; text-align: left;
}
button:hover { border-color: var(--soft); }
button[aria-pressed="true"] { background: var(--card); border-color: var(--soft); }
button[aria-pressed="false"] { color: var(--soft); }
.legend button[aria-pressed="false"] .dot { background: var(--line); }
:focus-visible { outline: 2px solid var(--s1); outline-offset: 2px; }

table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem; }
th, td { text-align: right; padding: .6rem .45rem; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; font-size: .8125rem; line-height: 1.3; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child td { border-bottom: 0; }
th:not(:first-child), td:not(:first-child) { overflow-wrap: normal; }
td:not(:first-child) { white-space: nowrap; }
td:first-child { font-weight: 600; }
.whole { white-space: nowrap; }
td small { display: block; font-weight: 400; color: var(--soft); font-size: .8125rem; padding-left: 1.35em; }
.best { font-weight: 700; }
.wide { overflow-x: auto; }
.heat td:not(:first-child) { background: color-mix(in srgb, var(--c) calc(var(--w) * 55%), transparent); }

.chart { position: relative; }
.chart svg { display: block; width: 100%; touch-action: pan-y; }
.chart text, .matrix text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.chart .grid { stroke: var(--grid); }
.chart .cross { stroke: var(--soft); stroke-dasharray: 2 3; }
.chart path { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.chart path.dashed { stroke-dasharray: 1 5; stroke-width: 2.5; }
.chart circle { fill: var(--c); stroke: var(--card); stroke-width: 1.5; }
.tip {
  position: absolute; pointer-events: none; top: 0; background: var(--card); border: 1px solid var(--line); z-index: 2;
  border-radius: .5rem; padding: .45rem .65rem; font-size: .8125rem; line-height: 1.45; box-shadow: 0 4px 16px #0002;
  font-variant-numeric: tabular-nums; max-width: 16rem; visibility: hidden;
}
.tip div { display: flex; align-items: baseline; gap: .1rem; }
.tip div b { margin-left: auto; padding-left: 1rem; font-weight: 600; white-space: nowrap; }

.sentence { font-size: 1.0625rem; margin: .15rem 0 .35rem; display: flex; flex-wrap: wrap; gap: .2rem; }
.label { color: var(--soft); font-size: .8125rem; margin: .6rem 0 0; }
.piece { position: relative; padding: .1rem .4rem; border-radius: .35rem; border: 1px solid var(--line); isolation: isolate; }
.piece::before {
  content: ""; position: absolute; inset: 0; border-radius: inherit; background: var(--c); z-index: -1;
  opacity: calc(var(--w, 0) * .55); transition: opacity .12s;
}
.asks { cursor: pointer; }
.asks.on { border-color: var(--c); box-shadow: inset 0 0 0 1px var(--c); }
.reference { color: var(--soft); font-size: .9375rem; margin: .1rem 0 0; }
ol.nbest { margin: .25rem 0 0; padding-left: 1.5rem; font-size: .9375rem; }
ol.nbest span { color: var(--soft); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.matrix { display: block; width: 100%; margin: 1rem auto 0; }
.matrix rect { fill: var(--c); }
.matrix .frame { fill: none; stroke: var(--line); }
.matrix .hit { fill: transparent; }
.matrix .on { fill: none; stroke: var(--ink); stroke-width: 1.25; }
.matrix text.on { fill: var(--ink); font-weight: 600; stroke: none; }
.matrix + .note { min-height: 1.4em; }
.layers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: .5rem 2rem; }
.heads { display: grid; grid-template-columns: repeat(auto-fit, minmax(4.6rem, 1fr)); gap: .6rem; margin: .4rem 0 .8rem; }
.heads button { width: 100%; max-width: 9rem; border-radius: .5rem; padding: .4rem; display: block; background: var(--paper); }
.heads canvas { display: block; width: 100%; aspect-ratio: 1.15; image-rendering: pixelated; }
.heads span { display: block; font-size: .75rem; color: var(--soft); margin-top: .3rem; text-align: center; }
.bar { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; }
.bar button { flex: none; }
dialog { border: 1px solid var(--line); border-radius: .75rem; background: var(--card); color: inherit; padding: 1.25rem; }
dialog { width: min(46rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); }
dialog::backdrop { background: #0008; }

.text { font-size: 1.0625rem; line-height: 2; margin: .1rem 0 .5rem; overflow-wrap: anywhere; }
.mark { border-radius: .3rem; padding: .12rem .1rem; margin-right: .15rem;
  background: color-mix(in srgb, var(--c) calc(var(--w) * 55%), transparent); }
.bars { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr max-content; gap: .15rem .75rem; font-size: .9375rem; }
.bars { align-items: center; margin: .6rem 0; font-variant-numeric: tabular-nums; }
.bars i { height: .7rem; border-radius: .2rem; background: linear-gradient(var(--c) 0 0) left / calc(var(--share) * 100%) 100% no-repeat; }
.bars b { font-weight: 500; text-align: right; }
.bars span { overflow-wrap: anywhere; }
.left td, .left th { text-align: left; }
.left td:last-child { white-space: normal; line-height: 1.9; }

details { padding-left: 1.1rem; }
details > div { padding-left: 1.1rem; }
details.root { padding-left: 0; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary .name::before { content: "▸"; display: inline-block; width: 1.1rem; color: var(--soft); }
details[open] > summary .name::before { content: "▾"; }
.leaf { padding-left: 1.1rem; color: var(--soft); }
.branch { display: grid; grid-template-columns: 1fr auto 6.5rem; gap: .75rem; padding: .2rem 0; align-items: baseline; }
.branch { border-bottom: 1px solid var(--grid); font-size: .9375rem; }
.branch .shape { color: var(--soft); font-size: .8125rem; white-space: nowrap; }
.branch b {
  font-weight: 500; text-align: right; font-variant-numeric: tabular-nums; padding: 0 0 .15rem;
  background: linear-gradient(var(--c) 0 0) right bottom / calc(var(--share) * 100%) 2px no-repeat;
}

@media (max-width: 44rem) {
  body { padding: 2rem 1rem 3rem; }
  .card { padding: 1rem; }
  .matrix.large text { display: none; }
  #summary table, #summary tbody { display: block; }
  #summary thead { display: none; }
  #summary tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.5rem; padding: .9rem 0; }
  #summary tr + tr { border-top: 1px solid var(--line); }
  #summary td { display: flex; justify-content: space-between; gap: .75rem; border: 0; padding: .2rem 0; text-align: right; }
  #summary td:first-child { grid-column: 1 / -1; display: block; text-align: left; padding-bottom: .4rem; }
  #summary td:not(:first-child)::before { content: attr(data-label); color: var(--soft); text-align: left; }
  #summary td { font-size: .875rem; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
</style>
)html";

}  // namespace stemma
