"""What the peers share: the turns that bench/run gives, and what `stemma bench --out` wrote."""
import argparse
import json
import pathlib
import sys
import time

import numpy
from safetensors.numpy import load_file


def arguments(about, **more):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("folder", type=pathlib.Path, help="what stemma bench --out wrote")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--processor-time", action="store_true")
    for name, options in more.items():
        parser.add_argument("--" + name, **options)
    parsed = parser.parse_args()
    if parsed.processor_time:
        timed.clock = time.process_time
    return parsed


def peak():
    """The most memory that this process ever had resident, in MiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def serve(about, play):
    """Says `about`, then answers each line of standard input, the number of a round, by what play(number) measured."""
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        print(json.dumps(play(int(line))), flush=True)
    print(json.dumps({"peak MiB": peak()}), flush=True)


def timed(what, tokens, work, **more):
    begun = timed.clock()
    work()
    return {"what": what, "seconds": timed.clock() - begun, "tokens": tokens, **more}


timed.clock = time.perf_counter


def config(folder):
    return json.loads((folder / "config.json").read_text())


def batches(folder):
    """A list of (source, target) lists of id arrays. The source has its </s>, the target neither <s> nor </s>."""
    a = load_file(folder / "batches.safetensors")

    def sentences(side):
        ids, splits = a[f"{side}.ids"].astype(numpy.int64), a[f"{side}.splits"]
        return [ids[b:e] for b, e in zip(splits, splits[1:])]

    source, target, begins = sentences("source"), sentences("target"), a["batches"]
    return [(source[b:e], target[b:e]) for b, e in zip(begins, begins[1:])]


def pieces(folder):
    """What the ids of the joint vocabulary are called."""
    if (folder / "tokenizer.vocab").exists():
        return [line.split("\t")[0] for line in (folder / "tokenizer.vocab").read_text().splitlines()]
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    return [model.id_to_piece(i) for i in range(len(model))]


def sinusoids(n, width):
    """Vaswani et al. 2017, section 3.5: PE(p, 2i) = sin(p / 10000^(2i / width)), PE(p, 2i + 1) = cos(the same)."""
    angle = numpy.arange(n)[:, None] * numpy.exp(numpy.arange(0, width, 2) * (-numpy.log(10000.0) / width))
    return numpy.stack([numpy.sin(angle), numpy.cos(angle)], 2).reshape(n, width).astype(numpy.float32)
