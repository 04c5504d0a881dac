#!/usr/bin/env python3
"""Translation by CTranslate2 of the model and sentences that `stemma bench decode --out` wrote: all sentences in one call
(decode), one at a time (latency), or one once (first)."""
import itertools

import ctranslate2
import numpy
from ctranslate2.specs import common_spec, transformer_spec
from safetensors.numpy import load_file

from paced import arguments, batches, config, pieces, serve, sinusoids, timed


def linear(spec, w, *names):
    spec.weight = numpy.concatenate([w[n + ".W"] for n in names])
    spec.bias = numpy.concatenate([w[n + ".b"] for n in names])


def norm(spec, w, name):
    spec.gamma, spec.beta = w[name + ".norm.g"], w[name + ".norm.b"]


def convert(folder):
    """The model as CTranslate2 stores it, in folder/ctranslate2."""
    c, w, out = config(folder)["architecture"], load_file(folder / "model.safetensors"), folder / "ctranslate2"
    spec = transformer_spec.TransformerSpec.from_config(
        (c["encoder_layers"], c["decoder_layers"]), c["heads"], pre_norm=False, activation=common_spec.Activation.RELU)
    for side in spec.encoder, spec.decoder:
        side.scale_embeddings = True
        side.position_encodings.encodings = sinusoids(512, c["width"])
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = w["source.E"]
    spec.decoder.projection.weight = w["source.E"]
    for side, layers in ("encoder", spec.encoder.layer), ("decoder", spec.decoder.layer):
        for i, layer in enumerate(layers):
            at = f"{side}.{i}."
            linear(layer.self_attention.linear[0], w, *(at + f"attend.{p}" for p in "QKV"))
            linear(layer.self_attention.linear[1], w, at + "attend.O")
            norm(layer.self_attention.layer_norm, w, at + "attend_around")
            if side == "decoder":
                linear(layer.attention.linear[0], w, at + "cross.Q")
                linear(layer.attention.linear[1], w, at + "cross.K", at + "cross.V")
                linear(layer.attention.linear[2], w, at + "cross.O")
                norm(layer.attention.layer_norm, w, at + "cross_around")
            linear(layer.ffn.linear_0, w, at + "feed.up"), linear(layer.ffn.linear_1, w, at + "feed.down")
            norm(layer.ffn.layer_norm, w, at + "feed_around")
    spec.register_source_vocabulary(pieces(folder)), spec.register_target_vocabulary(pieces(folder))
    out.mkdir(exist_ok=True)
    spec.validate(), spec.save(str(out))


def as_text(folder, n):
    """The first sentences, as their words."""
    names, subwords = pieces(folder), (folder / "tokenizer.model").exists()
    lines = (("" if subwords else " ").join(names[i] for i in ids[:-1]) for ids in batches(folder)[0][0][:n])
    return "\n".join(line.replace("▁", " ").strip() for line in lines)


def main():
    a = arguments(__doc__, what={"choices": ["convert", "decode", "latency", "first", "same", "sources"]},
                  length={"type": int, "default": 14}, workers={"type": int, "default": 1},
                  batch={"type": int, "default": 64}, count={"type": int, "default": 25},
                  warm_up={"type": int, "default": 5, "help": "sentences of the first round of latency"},
                  compute={"choices": ["f32", "bf16"], "help": "what it computes in; without: our precision, if it can"})
    if a.what == "convert":
        return convert(a.folder)
    if a.what == "sources":
        return print(as_text(a.folder, a.count))
    wanted, can = a.compute or a.precision, ctranslate2.get_supported_compute_types("cpu")
    kind = "bfloat16" if wanted == "bf16" and "bfloat16" in can else "float32"
    translator = ctranslate2.Translator(str(a.folder / "ctranslate2"), compute_type=kind, inter_threads=a.workers,
                                        intra_threads=max(1, a.threads // a.workers))
    names = pieces(a.folder)
    sources = [[names[i] for i in ids] for ids in batches(a.folder)[0][0]]

    def translate(some, beam, **how):  # </s> counts as a token there
        how = how or {"min_decoding_length": a.length + 1, "max_decoding_length": a.length + 1}
        return translator.translate_batch(some, beam_size=beam, length_penalty=1, **how)

    if a.what == "first":
        return print(*translate(sources[:1], 1)[0].hypotheses[0], flush=True)
    if a.what == "same":  # free to end, as many tokens as `stemma predict --max-length`
        for found in translate(sources[: a.count], 1, max_decoding_length=a.length, max_batch_size=a.batch):
            print(*found.hypotheses[0])
        return None

    def all_at_once(beam):
        how = {"min_decoding_length": a.length + 1, "max_decoding_length": a.length + 1, "max_batch_size": a.batch}
        found = translate(sources, beam, **how)
        assert all(len(f.hypotheses[0]) == a.length + 1 for f in found)

    def one_by_one(beam, n):
        latencies = []
        for source in sources[:n]:
            begun = timed.clock()
            translate([source], beam)
            latencies.append(timed.clock() - begun)
        return latencies

    counts = itertools.chain([a.warm_up], itertools.repeat(a.count))

    def play(_):
        parts, n = [], next(counts) if a.what == "latency" else len(sources)
        for what, beam in ("greedy", 1), ("beam 4", 4):
            latencies = []
            work = (lambda: latencies.extend(one_by_one(beam, n))) if a.what == "latency" else lambda: all_at_once(beam)
            part = timed(what, n * (a.length + 1), work)
            parts.append(part | ({"latencies": latencies} if latencies else {}))
        return parts

    return serve({"version": ctranslate2.__version__, "type": {"float32": "f32", "bfloat16": "bf16"}[kind]}, play)


main()
