#!/usr/bin/env python3
"""Draws how cost grows with work: docs/scale.png.

  stemma bench scale corpora --json > scale.json
  build/peers/bin/python tools/plot_scale.py scale.json docs/scale.png      (needs matplotlib)
"""
import json
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

PANELS = [
    ("length", "tokens in a sentence (4,096 a batch)"),
    ("batch", "target tokens in a batch"),
    ("vocabulary", "pieces in the vocabulary"),
    ("threads", "threads"),
]
BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#a0aec0"


def axis(place, label, unit, logarithmic=True):
    if logarithmic:
        place.set_xscale("log", base=2 if "pieces" not in label and "lines" not in label else 10)
    place.set_xlabel(label)
    place.set_ylabel(unit)
    place.set_ylim(bottom=0)
    place.grid(alpha=0.3)
    for side in ("top", "right"):
        place.spines[side].set_visible(False)


def draw_steps(rate, memory, rows, key, label):
    x = [row[key] for row in rows]
    rate.plot(x, [row["median tokens/s"] / 1000 for row in rows], "o-", color=BLUE)
    model = [row["model MiB"] for row in rows]
    memory.plot(x, [row["activation MiB"] for row in rows], "o-", color=ORANGE, label="of a step")
    memory.plot(x, model, "o-", color=GREY, label="weights, gradients, Adam")
    memory.legend(frameon=False, fontsize=8)
    for place, unit in ((rate, "1,000 target tokens/s"), (memory, "MiB")):
        axis(place, label, unit, key != "threads")
        if key == "threads":
            place.set_xticks(x)


def draw_corpora(rate, memory, rows):
    x = [row["lines"] for row in rows]
    rate.plot(x, [row["check MB/s"] for row in rows], "o-", color=GREY, label="check")
    rate.plot(x, [row["shard MB/s"] for row in rows], "o-", color=BLUE, label="tokenise and write")
    rate.legend(frameon=False, fontsize=8)
    memory.plot(x, [row["own memory MiB"] for row in rows], "o-", color=ORANGE)
    axis(rate, "lines of a corpus", "MB/s")
    axis(memory, "lines of a corpus", "MiB of its own")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        found = json.load(file)
    panels = [panel for panel in PANELS if sum(panel[0] in row for row in found["scale"]) > 1]
    corpora = found.get("corpora", [])
    figure, places = pyplot.subplots(2, len(panels) + bool(corpora), figsize=(3.4 * (len(panels) + bool(corpora)), 6.2))
    for i, (key, label) in enumerate(panels):
        draw_steps(places[0][i], places[1][i], [row for row in found["scale"] if key in row], key, label)
    if corpora:
        draw_corpora(places[0][-1], places[1][-1], corpora)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=90)


main()
