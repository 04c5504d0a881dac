#!/usr/bin/env python3
"""Golden numbers of PyTorch (pip install torch) for stemma/models/*golden_test.cc: writes tests/golden/models.json.

Transformer layers are nn.TransformerEncoderLayer and nn.TransformerDecoderLayer; what PyTorch lacks is written out from
the equations of the papers. Parameters and inputs are not stored: both sides draw them from their names. Gradients are
those of the sum of each output times weights of its shape, drawn from "d " and the output's name.
"""
import json
import math
import pathlib

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "models.json"
WIDTH, HEADS, FEED_FORWARD, VOCABULARY = 4, 2, 6, 7
TARGET, SOURCE = [2, 4, 1], [3, 1, 2]  # lengths of sequences
torch.set_default_dtype(torch.float64)


def numbers(name, rows, cols):
    x = 7
    for byte in name.encode():
        x = (31 * x + byte) % 2147483647
    values = []
    for _ in range(rows * cols):
        x = x * 48271 % 2147483647
        values.append(2 * x / 2147483647 - 1)
    return torch.tensor(values).float().double().reshape(rows, cols)


class Leaves(dict):
    """Parameters and inputs by name."""

    def __call__(self, name, rows, cols):
        if name not in self:
            self[name] = numbers(name, rows, cols).requires_grad_()
        return self[name]

    def linear(self, name, x, out, bias=True):
        y = x @ self(name + ".W", out, x.shape[-1]).T
        return y + self(name + ".b", 1, out) if bias else y

    def under(self, prefix):
        return lambda name, rows, cols: self(prefix + name, rows, cols)


def flat(t):
    return [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]


def case(leaves, outputs, with_gradients=True):
    found = {"outputs": {name: flat(y) for name, y in outputs.items()}}
    if with_gradients:
        loss = sum((y * numbers("d " + name, *y.shape)).sum() for name, y in outputs.items())
        found["gradients"] = dict(zip(leaves, map(flat, torch.autograd.grad(loss, list(leaves.values())))))
    return found


def state_of_layer(leaf, attentions, norms):
    state = {}
    for ours, theirs in attentions.items():
        for kind, name, shape in ("W", "weight", (WIDTH, WIDTH)), ("b", "bias", (1, WIDTH)):
            parts = [leaf(f"{ours}.{part}.{kind}", *shape) for part in "QKV"]
            state[f"{theirs}.in_proj_{name}"] = torch.cat(parts) if kind == "W" else torch.cat(parts, 1)[0]
            out = leaf(f"{ours}.O.{kind}", *shape)
            state[f"{theirs}.out_proj.{name}"] = out if kind == "W" else out[0]
    for ours, theirs, rows, cols in ("up", "linear1", FEED_FORWARD, WIDTH), ("down", "linear2", WIDTH, FEED_FORWARD):
        state[f"{theirs}.weight"] = leaf(f"feed.{ours}.W", rows, cols)
        state[f"{theirs}.bias"] = leaf(f"feed.{ours}.b", 1, rows)[0]
    for i, ours in enumerate(norms):
        state[f"norm{i + 1}.weight"] = leaf(f"{ours}.norm.g", 1, WIDTH)[0]
        state[f"norm{i + 1}.bias"] = leaf(f"{ours}.norm.b", 1, WIDTH)[0]
    return state


def encoder_layer(leaf, x, norm, activation):
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, FEED_FORWARD, 0, activation, norm_first=norm == "pre")
    return functional_call(layer, state_of_layer(leaf, {"attend": "self_attn"}, ["attend_around", "feed_around"]), (x,))


def decoder_layer(leaf, y, memory, norm, activation):
    layer = nn.TransformerDecoderLayer(WIDTH, HEADS, FEED_FORWARD, 0, activation, norm_first=norm == "pre")
    attentions = {"attend": "self_attn", "cross": "multihead_attn"}
    state = state_of_layer(leaf, attentions, ["attend_around", "cross_around", "feed_around"])
    hidden = nn.Transformer.generate_square_subsequent_mask(len(y))
    return functional_call(layer, state, (y, memory), {"tgt_mask": hidden})


def layers(norm, activation):
    leaves = Leaves()
    sources = torch.split(leaves("x", sum(SOURCE), WIDTH), SOURCE)
    targets = torch.split(leaves("y", sum(TARGET), WIDTH), TARGET)
    memories = [encoder_layer(leaves.under("encoder."), x, norm, activation) for x in sources]
    out = [decoder_layer(leaves.under("decoder."), y, m, norm, activation) for y, m in zip(targets, memories)]
    return case(leaves, {"memory": torch.cat(memories), "out": torch.cat(out)})


def sinusoids(n, width):  # Vaswani et al. 2017, section 3.5
    angle = torch.arange(n)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([torch.sin(angle), torch.cos(angle)], 2).reshape(n, width)


def ids(name, n):
    return ((numbers(name, 1, n)[0] + 1) / 2 * VOCABULARY).long()


def transformer(norm, activation, tie):
    leaves = Leaves()
    E = leaves("source.E", VOCABULARY, WIDTH)
    F = E if tie == "all" else leaves("target.E", VOCABULARY, WIDTH)
    total = 0

    def last_norm(name, x):
        g, b = (leaves(f"{name}.{p}", 1, WIDTH)[0] for p in "gb")
        return nn.functional.layer_norm(x, (WIDTH,), g, b)

    for b, (source_length, target_length) in enumerate(zip(SOURCE, TARGET)):
        x = math.sqrt(WIDTH) * E[ids(f"source {b}", source_length)] + sinusoids(source_length, WIDTH)
        y = math.sqrt(WIDTH) * F[ids(f"target {b}", target_length)] + sinusoids(target_length, WIDTH)
        for i in range(2):
            x = encoder_layer(leaves.under(f"encoder.{i}."), x, norm, activation)
        x = last_norm("encoder_norm", x) if norm == "pre" else x
        for i in range(2):
            y = decoder_layer(leaves.under(f"decoder.{i}."), y, x, norm, activation)
        y = last_norm("decoder_norm", y) if norm == "pre" else y
        wanted = ids(f"wanted {b}", target_length)
        total = total + cross_entropy(y @ F.T, wanted, reduction="sum", label_smoothing=0.1)
    return case(leaves, {"loss": total.reshape(1, 1)})


def additive(leaves, s, memory, prefix=""):  # Bahdanau et al. 2015, appendix A.1.2
    v = leaves(prefix + "v", 1, WIDTH)
    e = torch.tanh(leaves.linear(prefix + "W", s, WIDTH) + leaves.linear(prefix + "U", memory, WIDTH, bias=False)) @ v.T
    a = torch.softmax(e, 0)
    return (a * memory).sum(0, keepdim=True)


def additive_alone():
    leaves = Leaves()
    query = leaves("query", len(SOURCE), WIDTH)
    memory = torch.split(leaves("memory", sum(SOURCE), WIDTH), SOURCE)
    return case(leaves, {"context": torch.cat([additive(leaves, s[None], h) for s, h in zip(query, memory)])})


def gru(leaves, name, x_gates, h):  # Cho et al. 2014 as in PyTorch
    U, bu = leaves(name + ".U", 3 * h.shape[1], h.shape[1]), leaves(name + ".bu", 1, 3 * h.shape[1])
    (r, z, n), (ur, uz, un) = x_gates.chunk(3, 1), (h @ U.T + bu).chunk(3, 1)
    z = torch.sigmoid(z + uz)
    return (1 - z) * torch.tanh(n + torch.sigmoid(r + ur) * un) + z * h


def bahdanau(encoder_width=3):
    """Bahdanau et al. 2015, appendix A.2, with tanh for the maxout of the output."""
    leaves, rows = Leaves(), []
    for b, (source_length, target_length) in enumerate(zip(SOURCE, TARGET)):
        x = leaves("source.E", VOCABULARY, WIDTH)[ids(f"source {b}", source_length)]
        states = {}
        for direction, order in ("forwards", range(source_length)), ("backwards", reversed(range(source_length))):
            h, name = torch.zeros(1, encoder_width), "both_ways.0." + direction
            for i in order:
                h = gru(leaves, name, leaves.linear(name + ".W", x[i : i + 1], 3 * encoder_width), h)
                states[direction, i] = h
        at = [torch.cat([states["forwards", i], states["backwards", i]], 1) for i in range(source_length)]
        last = torch.cat([states["forwards", source_length - 1], states["backwards", 0]], 1)
        s = torch.tanh(leaves.linear("bridge_h.0", last, WIDTH))
        for t in ids(f"target {b}", target_length):
            y = leaves("target.E", VOCABULARY, WIDTH)[t][None]
            c = additive(leaves, s, torch.cat(at), "align.")
            gates = leaves.linear("decoder.layers.0.W", y, 3 * WIDTH) + leaves.linear("C", c, 3 * WIDTH, bias=False)
            s = gru(leaves, "decoder.layers.0", gates, s)
            rows.append(torch.tanh(leaves.linear("readout", torch.cat([s, c, y], 1), WIDTH)))
    return case(leaves, {"hidden": torch.cat(rows)})


def lstm(leaves, name, x_gates, h, c):
    U = leaves(name + ".U", 4 * h.shape[1], h.shape[1])
    i, f, g, o = (x_gates + h @ U.T).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def luong():
    """Luong et al. 2015, eq. 5, 7, 8 (general) and input feeding, on a one-way encoder of one layer."""
    leaves, rows = Leaves(), []
    for b, (source_length, target_length) in enumerate(zip(SOURCE, TARGET)):
        h = c = torch.zeros(1, WIDTH)
        memory = []
        for i in ids(f"source {b}", source_length):
            x = leaves("source.E", VOCABULARY, WIDTH)[i][None]
            h, c = lstm(leaves, "one_way.layers.0", leaves.linear("one_way.layers.0.W", x, 4 * WIDTH), h, c)
            memory.append(h)
        memory = torch.cat(memory)
        h, c = torch.tanh(leaves.linear("bridge_h.0", h, WIDTH)), leaves.linear("bridge_c.0", c, WIDTH)
        feed = torch.zeros(1, WIDTH)
        for t in ids(f"target {b}", target_length):
            y = leaves("target.E", VOCABULARY, WIDTH)[t][None]
            gates = leaves.linear("decoder.layers.0.W", y, 4 * WIDTH) + leaves.linear("C", feed, 4 * WIDTH, bias=False)
            h, c = lstm(leaves, "decoder.layers.0", gates, h, c)
            a = torch.softmax(h @ leaves.linear("align.U", memory, WIDTH, bias=False).T, 1)
            feed = torch.tanh(leaves.linear("readout", torch.cat([a @ memory, h], 1), WIDTH))
            rows.append(feed)
    return case(leaves, {"hidden": torch.cat(rows)})


def lstm_language_model(tied):
    """Zaremba et al. 2014 by nn.LSTM, two layers, without dropout."""
    leaves, state = Leaves(), {}
    E = leaves("embed.E", VOCABULARY, WIDTH)
    for i in range(2):
        name = f"layers.{i}"
        state[f"weight_ih_l{i}"] = leaves(f"{name}.W.W", 4 * WIDTH, WIDTH)
        state[f"bias_ih_l{i}"] = leaves(f"{name}.W.b", 1, 4 * WIDTH)[0]
        state[f"weight_hh_l{i}"] = leaves(f"{name}.U", 4 * WIDTH, WIDTH)
        state[f"bias_hh_l{i}"] = torch.zeros(4 * WIDTH)
    model, total = nn.LSTM(WIDTH, WIDTH, 2), 0
    for b, length in enumerate(TARGET):
        h, _ = functional_call(model, state, (E[ids(f"target {b}", length)],))
        logits = h @ E.T if tied else leaves.linear("output", h, VOCABULARY)
        total = total + cross_entropy(logits, ids(f"wanted {b}", length), reduction="sum")
    return case(leaves, {"loss": total.reshape(1, 1)})


def transformer_language_model():
    """Pre-norm, gelu, tied: nn.TransformerEncoderLayer under a causal mask."""
    leaves, total = Leaves(), 0
    E = leaves("embed.E", VOCABULARY, WIDTH)
    for b, length in enumerate(TARGET):
        x = math.sqrt(WIDTH) * E[ids(f"target {b}", length)] + sinusoids(length, WIDTH)
        hidden = nn.Transformer.generate_square_subsequent_mask(length)
        for i in range(2):
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, FEED_FORWARD, 0, "gelu", norm_first=True)
            around = ["attend_around", "feed_around"]
            state = state_of_layer(leaves.under(f"layers.{i}."), {"attend": "self_attn"}, around)
            x = functional_call(layer, state, (x,), {"src_mask": hidden})
        g, bias = (leaves(f"norm.{p}", 1, WIDTH)[0] for p in "gb")
        x = nn.functional.layer_norm(x, (WIDTH,), g, bias)
        total = total + cross_entropy(x @ E.T, ids(f"wanted {b}", length), reduction="sum")
    return case(leaves, {"loss": total.reshape(1, 1)})


def letters_of(name, n):  # of n tokens: one letter more for each
    return [ids(f"{name} {i}", 1 + i % 3) for i in range(n)]


def letters_cnn(leaves, rows, width=4):
    """Ma & Hovy 2016: a convolution of width 3 over the letters of each token, and the greatest."""
    E, W = leaves("input.letters.E.E", VOCABULARY, WIDTH), leaves("input.letters.W", width, 3 * WIDTH)
    kernel = W.reshape(width, 3, WIDTH).permute(0, 2, 1)
    convolve = lambda x: nn.functional.conv1d(x.T[None], kernel, leaves("input.letters.b", 1, width)[0], padding=1)[0]
    return torch.stack([torch.relu(convolve(E[r])).max(1).values for r in rows])


def text_cnn(filters=3):
    """Kim 2014, multichannel: a static and a tuned table, widths 2 and 3."""
    leaves, rows = Leaves(), []
    tuned = leaves("input.tuned.E", VOCABULARY, WIDTH)
    fixed = numbers("input.fixed.E", VOCABULARY, WIDTH)
    for b, length in enumerate(SOURCE):
        i = ids(f"source {b}", length)
        x, maps = tuned[i] + fixed[i], []
        for k, width in enumerate([2, 3]):
            W = leaves(f"of_width.{k}.W", filters, width * WIDTH).reshape(filters, width, WIDTH).permute(0, 2, 1)
            before = (width - 1) // 2
            padded = nn.functional.pad(x.T, (before, width - 1 - before))[None]
            maps.append(torch.relu(nn.functional.conv1d(padded, W, leaves(f"of_width.{k}.b", 1, filters)[0]))[0].T)
        rows.append(torch.cat(maps, 1))
    return case(leaves, {"rows": torch.cat(rows), "text": torch.stack([r.max(0).values for r in rows])})


def bidirectional_lstm(hidden=3):
    """nn.LSTM over words and features of their letters; pooled by Yang et al. 2016, eq. 5-7."""
    leaves, rows, texts, names = Leaves(), [], [], ["", "_reverse"]
    for b, length in enumerate(SOURCE):
        E = leaves("encoder.input.tuned.E", VOCABULARY, WIDTH)
        features = letters_cnn(leaves.under("encoder."), letters_of(f"letters {b}", length))
        x, state = torch.cat([E[ids(f"source {b}", length)], features], 1), {}
        for side, ours in zip(names, ["forwards", "backwards"]):
            leaf = leaves.under(f"encoder.both.0.{ours}.")
            state["weight_ih_l0" + side] = leaf("W.W", 4 * hidden, 2 * WIDTH)
            state["bias_ih_l0" + side] = leaf("W.b", 1, 4 * hidden)[0]
            state["weight_hh_l0" + side] = leaf("U", 4 * hidden, hidden)
            state["bias_hh_l0" + side] = torch.zeros(4 * hidden)
        h, _ = functional_call(nn.LSTM(2 * WIDTH, hidden, bidirectional=True), state, (x,))
        u = torch.tanh(leaves.linear("pool.W", h, 2 * hidden))
        a = torch.softmax(u @ leaves("pool.v", 1, 2 * hidden).T, 0)
        rows.append(h), texts.append((a * h).sum(0))
    return case(leaves, {"rows": torch.cat(rows), "text": torch.stack(texts)})


def hierarchical_attention(hidden=3, inside=5):
    """Yang et al. 2016: nn.GRU over the words of each sentence and over its vectors, attention of eq. 5-10 on each."""
    leaves, words, documents = Leaves(), [2, 4, 1, 3, 1, 2], []  # SOURCE: sentences of each document

    def read(name, x):
        state = {}
        for side, ours in ("", "forwards"), ("_reverse", "backwards"):
            leaf = leaves.under(f"{name}.{ours}.")
            state["weight_ih_l0" + side] = leaf("W.W", 3 * hidden, x.shape[1])
            state["bias_ih_l0" + side] = leaf("W.b", 1, 3 * hidden)[0]
            state["weight_hh_l0" + side] = leaf("U", 3 * hidden, hidden)
            state["bias_hh_l0" + side] = leaf("bu", 1, 3 * hidden)[0]
        return functional_call(nn.GRU(x.shape[1], hidden, bidirectional=True), state, (x,))[0]

    def attend(name, h):
        u = torch.tanh(leaves.linear(name + ".W", h, inside))
        return (torch.softmax(u @ leaves(name + ".v", 1, inside).T, 0) * h).sum(0)

    E = leaves("encoder.input.tuned.E", VOCABULARY, WIDTH)
    sentences = [attend("words", read("encoder.both.0", E[ids(f"words {i}", n)])) for i, n in enumerate(words)]
    for part in torch.split(torch.stack(sentences), SOURCE):
        documents.append(attend("sentences.attend", read("sentences.read", part)))
    return case(leaves, {"sentences": torch.stack(sentences), "documents": torch.stack(documents)})


def transformer_encoder():
    """Pre-norm nn.TransformerEncoderLayer on projected embeddings with sinusoids."""
    leaves, rows = Leaves(), []
    for b, length in enumerate(SOURCE):
        x = leaves("input.tuned.E", VOCABULARY, WIDTH)[ids(f"source {b}", length)]
        x = leaves.linear("project", x, WIDTH) + sinusoids(length, WIDTH)
        for i in range(2):
            x = encoder_layer(leaves.under(f"layers.{i}."), x, "pre", "relu")
        g, bias = (leaves(f"norm.{p}", 1, WIDTH)[0] for p in "gb")
        rows.append(nn.functional.layer_norm(x, (WIDTH,), g, bias))
    return case(leaves, {"rows": torch.cat(rows)})


def attention_flow():
    """Seo et al. 2017, eq. 1 and 2, with S written out."""
    leaves = Leaves()
    w = torch.cat([leaves(name, 1, WIDTH) for name in ("w_h", "w_u", "w_hu")], 1)[0]
    texts = torch.split(leaves("H", sum(SOURCE), WIDTH), SOURCE)
    questions = torch.split(leaves("U", sum(TARGET), WIDTH), TARGET)
    G, context = [], []
    for h, u in zip(texts, questions):
        pairs = h[:, None].expand(-1, len(u), -1), u[None].expand(len(h), -1, -1)
        S = torch.cat([*pairs, pairs[0] * pairs[1]], 2) @ w
        read, found = torch.softmax(S, 1) @ u, torch.softmax(S.max(1).values, 0) @ h
        G.append(torch.cat([h, read, h * read, h * found], 1))
        context.append(found[None])
    return case(leaves, {"G": torch.cat(G), "context": torch.cat(context)})


def pointer():
    """cross_entropy over the rows of each sequence."""
    leaves = Leaves()
    scores = torch.split(leaves("scores", sum(TARGET), 1), TARGET)
    loss = sum(cross_entropy(s.T, torch.tensor([len(s) // 2]), reduction="sum") for s in scores)
    return case(leaves, {"loss": loss.reshape(1, 1)})


cases = {f"layers {n} {a}": layers(n, a) for n in ("post", "pre") for a in ("relu", "gelu")}
cases["transformer post relu all"] = transformer("post", "relu", "all")
cases["transformer pre gelu target"] = transformer("pre", "gelu", "target")
cases["sinusoids"] = case({}, {"P": sinusoids(301, 6)[[0, 1, 2, 57, 300]]}, with_gradients=False)
cases["additive"] = additive_alone()
cases["bahdanau"] = bahdanau()
cases["luong"] = luong()
cases["lstm language model none"] = lstm_language_model(tied=False)
cases["lstm language model output"] = lstm_language_model(tied=True)
cases["transformer language model"] = transformer_language_model()
cases["text cnn"] = text_cnn()
cases["bidirectional lstm"] = bidirectional_lstm()
cases["hierarchical attention"] = hierarchical_attention()
cases["transformer encoder"] = transformer_encoder()
cases["attention flow"] = attention_flow()
cases["pointer"] = pointer()
lines = (f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in cases.items())
OUTPUT.write_text("{" + ",\n".join(lines) + "}\n")
