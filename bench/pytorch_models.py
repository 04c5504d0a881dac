"""The systems of `stemma bench` in PyTorch: the Transformer as its own modules give it and as an expert would write it,
the LSTM with additive attention, the LSTM language model. `load` takes Stemma's weights, so that both sides can agree
on the loss before their speeds are compared."""
import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from paced import sinusoids


class Batch:
    """One batch of pairs, padded: source [B, S], inputs [B, T] with <s> in front, and the rows that are no padding."""

    def __init__(self, source, target, bos=1, eos=2):
        def pad(rows):
            return nn.utils.rnn.pad_sequence([torch.as_tensor(r) for r in rows], batch_first=True)

        def real(lengths):
            return torch.arange(int(lengths.max()))[None, :] < lengths[:, None]

        self.source_lengths = torch.tensor([len(s) for s in source])
        self.target_lengths = torch.tensor([len(t) + 1 for t in target])
        self.source, self.inputs = pad(source), pad([[bos, *t] for t in target])
        self.labels = pad([[*t, eos] for t in target])
        self.source_real, self.target_real = real(self.source_lengths), real(self.target_lengths)
        self.target_rows = self.target_real.flatten().nonzero()[:, 0]  # among B * T
        self.wanted = self.labels.flatten()[self.target_rows]
        self.tokens = int(self.target_lengths.sum())


class Embedded(nn.Module):
    """sqrt(width) E[id] + position, one table for both sides and the output."""

    def __init__(self, c, vocabulary):
        super().__init__()
        self.E = nn.Embedding(vocabulary, c["width"])
        self.dropout, self.scale = nn.Dropout(c["dropout"]), math.sqrt(c["width"])
        self.register_buffer("positions", torch.from_numpy(sinusoids(512, c["width"])), persistent=False)

    def forward(self, ids):
        return self.dropout(self.scale * self.E(ids) + self.positions[: ids.shape[1]])


class PlainTransformer(nn.Module):
    """nn.TransformerEncoder and nn.TransformerDecoder, all rows through the output, padding ignored by the loss."""

    def __init__(self, c, vocabulary):
        super().__init__()
        shape = dict(d_model=c["width"], nhead=c["heads"], dim_feedforward=c["feed_forward"], dropout=c["dropout"],
                     batch_first=True)
        self.embed = Embedded(c, vocabulary)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**shape), c["encoder_layers"])
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**shape), c["decoder_layers"])
        for layer in [*self.encoder.layers, *self.decoder.layers]:  # dropout where Stemma has it, no more
            layer.dropout.p = layer.self_attn.dropout = 0.0
        for layer in self.decoder.layers:
            layer.multihead_attn.dropout = 0.0

    def hidden(self, b):
        memory = self.encoder(self.embed(b.source), src_key_padding_mask=~b.source_real)
        causal = nn.Transformer.generate_square_subsequent_mask(b.inputs.shape[1], dtype=torch.bool)
        return self.decoder(self.embed(b.inputs), memory, tgt_mask=causal, tgt_is_causal=True,
                            memory_key_padding_mask=~b.source_real)

    def loss(self, b, smoothing):
        logits = F.linear(self.hidden(b), self.embed.E.weight)
        labels = b.labels.masked_fill(~b.target_real, -100)
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=smoothing, reduction="sum")

    def load(self, w):
        w = {k: torch.from_numpy(v) for k, v in w.items()}
        put(self.embed.E.weight, w["source.E"])
        for side, stack in ("encoder", self.encoder), ("decoder", self.decoder):
            for i, layer in enumerate(stack.layers):
                names = {"attend": layer.self_attn}
                norms = {"attend_around": layer.norm1, "feed_around": layer.norm2}
                if side == "decoder":
                    names["cross"] = layer.multihead_attn
                    norms = {"attend_around": layer.norm1, "cross_around": layer.norm2, "feed_around": layer.norm3}
                at = f"{side}.{i}."
                for ours, theirs in names.items():
                    put(theirs.in_proj_weight, torch.cat([w[f"{at}{ours}.{p}.W"] for p in "QKV"]))
                    put(theirs.in_proj_bias, torch.cat([w[f"{at}{ours}.{p}.b"] for p in "QKV"]))
                    put_linear(theirs.out_proj, w, f"{at}{ours}.O")
                put_linear(layer.linear1, w, at + "feed.up"), put_linear(layer.linear2, w, at + "feed.down")
                for ours, theirs in norms.items():
                    put(theirs.weight, w[f"{at}{ours}.norm.g"]), put(theirs.bias, w[f"{at}{ours}.norm.b"])


class Attend(nn.Module):
    """Multi-head attention with one product for Q, K and V, or one for K and V of the source."""

    def __init__(self, width, heads):
        super().__init__()
        self.QKV, self.O, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def heads_of(self, x, n):
        return x.view(*x.shape[:2], n, self.heads, -1).permute(2, 0, 3, 1, 4)

    def forward(self, x, memory=None, mask=None, causal=False):
        if memory is None:
            q, k, v = self.heads_of(self.QKV(x), 3)
        else:
            d = x.shape[2]
            q, = self.heads_of(F.linear(x, self.QKV.weight[:d], self.QKV.bias[:d]), 1)
            k, v = self.heads_of(F.linear(memory, self.QKV.weight[d:], self.QKV.bias[d:]), 2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        return self.O(y.transpose(1, 2).flatten(2))

    def load(self, w, at):
        put(self.QKV.weight, torch.cat([w[f"{at}.{p}.W"] for p in "QKV"]))
        put(self.QKV.bias, torch.cat([w[f"{at}.{p}.b"] for p in "QKV"]))
        put_linear(self.O, w, at + ".O")


class Layer(nn.Module):
    def __init__(self, c, cross):
        super().__init__()
        d = c["width"]
        self.attend, self.cross = Attend(d, c["heads"]), Attend(d, c["heads"]) if cross else None
        self.up, self.down = nn.Linear(d, c["feed_forward"]), nn.Linear(c["feed_forward"], d)
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(3 if cross else 2))
        self.p = c["dropout"]

    def forward(self, x, mask, memory=None, memory_mask=None):
        def add(x, y, norm):
            return norm(x + F.dropout(y, self.p, self.training))

        x = add(x, self.attend(x, mask=mask, causal=memory is not None), self.norms[0])
        if memory is not None:
            x = add(x, self.cross(x, memory, memory_mask), self.norms[1])
        return add(x, self.down(F.relu(self.up(x))), self.norms[-1])

    def load(self, w, at):
        self.attend.load(w, at + "attend"), put_linear(self.up, w, at + "feed.up")
        put_linear(self.down, w, at + "feed.down")
        if self.cross:
            self.cross.load(w, at + "cross")
        around = ["attend_around", "cross_around", "feed_around"] if self.cross else ["attend_around", "feed_around"]
        for norm, name in zip(self.norms, around):
            put(norm.weight, w[f"{at}{name}.norm.g"]), put(norm.bias, w[f"{at}{name}.norm.b"])


class TunedTransformer(nn.Module):
    """Fewer and larger products, scaled_dot_product_attention, no output for padding."""

    def __init__(self, c, vocabulary):
        super().__init__()
        self.embed = Embedded(c, vocabulary)
        self.encoder = nn.ModuleList(Layer(c, False) for _ in range(c["encoder_layers"]))
        self.decoder = nn.ModuleList(Layer(c, True) for _ in range(c["decoder_layers"]))

    def hidden(self, source, source_real, inputs):
        mask = source_real[:, None, None, :]
        memory = self.embed(source)
        for layer in self.encoder:
            memory = layer(memory, mask)
        y = self.embed(inputs)
        for layer in self.decoder:
            y = layer(y, None, memory, mask)
        return y

    def loss_of(self, source, source_real, inputs, rows, wanted, smoothing):
        h = self.hidden(source, source_real, inputs).flatten(0, 1).index_select(0, rows)
        return F.cross_entropy(F.linear(h, self.embed.E.weight), wanted, label_smoothing=smoothing, reduction="sum")

    def loss(self, b, smoothing):
        return self.loss_of(b.source, b.source_real, b.inputs, b.target_rows, b.wanted, smoothing)

    def load(self, w):
        w = {k: torch.from_numpy(v) for k, v in w.items()}
        put(self.embed.E.weight, w["source.E"])
        for side, stack in ("encoder", self.encoder), ("decoder", self.decoder):
            for i, layer in enumerate(stack):
                layer.load(w, f"{side}.{i}.")


class AttentiveLstm(nn.Module):
    """Bahdanau et al. 2015 with LSTM cells. All that does not depend on the state is one product for all steps."""

    def __init__(self, c, vocabulary):
        super().__init__()
        e, w, h = c["embedding"], c["width"], c["encoder_width"]
        m, self.p = 2 * h, c["dropout"]
        self.source, self.target = nn.Embedding(vocabulary, e), nn.Embedding(vocabulary, e)
        self.encoder = nn.LSTM(e, h, batch_first=True, bidirectional=True)
        self.bridge_h, self.bridge_c = nn.Linear(m, w), nn.Linear(m, w)
        self.W_y = nn.Linear(e, 4 * w)
        self.CU = nn.Linear(m + w, 4 * w, bias=False)  # of [context, h]
        self.query, self.keys, self.v = nn.Linear(w, w), nn.Linear(m, w, bias=False), nn.Linear(w, 1, bias=False)
        self.readout, self.output = nn.Linear(w + m + e, w), nn.Linear(w, vocabulary)

    def drop(self, x):
        return F.dropout(x, self.p, self.training)

    def loss(self, b, smoothing):
        x = pack_padded_sequence(self.drop(self.source(b.source)), b.source_lengths, True, enforce_sorted=False)
        memory, (h, c) = self.encoder(x)
        memory = self.drop(pad_packed_sequence(memory, batch_first=True)[0])
        h, c = torch.tanh(self.bridge_h(torch.cat([*h], 1))), self.bridge_c(torch.cat([*c], 1))
        keys, hidden_from = self.keys(memory), (~b.source_real).float() * -1e9
        y = self.drop(self.target(b.inputs))
        gates_y = self.W_y(y).unbind(1)
        states, contexts = [], []
        for gates in gates_y:
            energies = self.v(torch.tanh(keys + self.query(h)[:, None])).squeeze(2) + hidden_from
            context = torch.bmm(torch.softmax(energies, 1)[:, None], memory)[:, 0]
            i, f, g, o = torch.addmm(gates, torch.cat([context, h], 1), self.CU.weight.t()).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h), contexts.append(context)
        all_rows = torch.cat([torch.stack(states, 1), torch.stack(contexts, 1), y], 2).flatten(0, 1)
        r = self.drop(torch.tanh(self.readout(all_rows.index_select(0, b.target_rows))))
        return F.cross_entropy(self.output(r), b.wanted, label_smoothing=smoothing, reduction="sum")

    def load(self, w):
        w = {k: torch.from_numpy(v) for k, v in w.items()}
        put(self.source.weight, w["source.E"]), put(self.target.weight, w["target.E"])
        for side, end in ("forwards", ""), ("backwards", "_reverse"):
            put_lstm(self.encoder, "l0" + end, w, f"both_ways.0.{side}")
        put_linear(self.bridge_h, w, "bridge_h.0"), put_linear(self.bridge_c, w, "bridge_c.0")
        put_linear(self.W_y, w, "decoder.layers.0.W")
        put(self.CU.weight, torch.cat([w["C.W"], w["decoder.layers.0.U"]], 1))
        put_linear(self.query, w, "align.W"), put(self.keys.weight, w["align.U.W"]), put(self.v.weight, w["align.v"])
        put_linear(self.readout, w, "readout"), put_linear(self.output, w, "output")


class LanguageModel(nn.Module):
    """Zaremba et al. 2014."""

    def __init__(self, vocabulary=10_000, width=650, layers=2, p=0.5):
        super().__init__()
        self.embed, self.drop = nn.Embedding(vocabulary, width), nn.Dropout(p)
        self.lstm, self.output = nn.LSTM(width, width, layers, dropout=p), nn.Linear(width, vocabulary)
        self.state = None

    def loss(self, chunk, _):  # [time, batch]
        ids, wanted = chunk
        h, state = self.lstm(self.drop(self.embed(ids)), self.state)
        self.state = tuple(s.detach() for s in state)
        return F.cross_entropy(self.output(self.drop(h).flatten(0, 1)), wanted.flatten(), reduction="sum")

    def load(self, w):
        w = {k: torch.from_numpy(v) for k, v in w.items()}
        put(self.embed.weight, w["embed.E"]), put_linear(self.output, w, "output")
        for i in range(self.lstm.num_layers):
            put_lstm(self.lstm, f"l{i}", w, f"layers.{i}")


def put(parameter, value):
    with torch.no_grad():
        parameter.copy_(value.view(parameter.shape))


def put_linear(layer, w, name):
    put(layer.weight, w[name + ".W"]), put(layer.bias, w[name + ".b"])


def put_lstm(lstm, end, w, name):  # theirs has two biases where one would do
    put(getattr(lstm, "weight_ih_" + end), w[name + ".W.W"]), put(getattr(lstm, "bias_ih_" + end), w[name + ".W.b"])
    put(getattr(lstm, "weight_hh_" + end), w[name + ".U"]), getattr(lstm, "bias_hh_" + end).data.zero_()
