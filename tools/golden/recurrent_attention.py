#!/usr/bin/env python3
"""Golden numbers of PyTorch's nn.RNN, nn.LSTM, nn.GRU and nn.MultiheadAttention (pip install torch numpy) for
stemma/ops/golden_test.cc: writes tests/golden/recurrent_attention.json.

Sequences lie end to end, as in a ragged tensor. The loss is the sum of each output times weights of its shape, named
"d " and the output's name; gradients of all inputs follow.
"""
import json
import pathlib

import torch
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "recurrent_attention.json"
torch.manual_seed(20)
LENGTHS, INPUT, WIDTH, HEADS = [2, 4, 3], 3, 4, 2


def matrix(t):
    t = t.detach().reshape(-1, t.shape[-1])
    return {"rows": t.shape[0], "cols": t.shape[1], "values": [float(f"{v:.8g}") for v in t.flatten().tolist()]}


def case(lengths, inputs, outputs):
    weights = {name: torch.randn_like(value) for name, value in outputs.items()}
    loss = sum((weights[name] * value).sum() for name, value in outputs.items())
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    return {
        "lengths": lengths,
        "inputs": {name: matrix(value) for name, value in inputs.items()},
        "outputs": {name: matrix(value) for name, value in outputs.items()},
        "weights": {name: matrix(value) for name, value in weights.items()},
        "gradients": {name: matrix(value) for name, value in zip(inputs, gradients)},
    }


def ragged(packed):
    padded, lengths = pad_packed_sequence(packed, batch_first=True)
    return torch.cat([row[:n] for row, n in zip(padded, lengths)])


def recurrent(kind):
    module = kind(INPUT, WIDTH)
    x = torch.randn(sum(LENGTHS), INPUT, requires_grad=True)
    h0 = torch.randn(1, len(LENGTHS), WIDTH, requires_grad=True)
    inputs = {"x": x, "W": module.weight_ih_l0, "U": module.weight_hh_l0}
    inputs |= {"b": module.bias_ih_l0, "b_u": module.bias_hh_l0, "h0": h0}
    packed = pack_sequence(torch.split(x, LENGTHS), enforce_sorted=False)
    if kind is not torch.nn.LSTM:
        y, h = module(packed, h0)
        return case(LENGTHS, inputs, {"y": ragged(y), "h": h})
    inputs["c0"] = torch.randn(1, len(LENGTHS), WIDTH, requires_grad=True)
    y, (h, c) = module(packed, (h0, inputs["c0"]))
    return case(LENGTHS, inputs, {"y": ragged(y), "h": h, "c": c})


def attention(causal):
    module = torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    torch.nn.init.normal_(module.in_proj_bias)
    inputs = {"x": torch.randn(sum(LENGTHS), WIDTH, requires_grad=True)}
    inputs |= {"W": module.in_proj_weight, "b": module.in_proj_bias}
    inputs |= {"W_o": module.out_proj.weight, "b_o": module.out_proj.bias}
    y = []
    for x in torch.split(inputs["x"], LENGTHS):
        hidden = torch.ones(len(x), len(x), dtype=torch.bool).triu(1) if causal else None
        y.append(module(x[None], x[None], x[None], attn_mask=hidden, need_weights=False)[0][0])
    return case(LENGTHS, inputs, {"y": torch.cat(y)})


cases = {
    "rnn": recurrent(torch.nn.RNN),
    "lstm": recurrent(torch.nn.LSTM),
    "gru": recurrent(torch.nn.GRU),
    "attention": attention(causal=False),
    "causal attention": attention(causal=True),
}
lines = (f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in cases.items())
OUTPUT.write_text("{" + ",\n".join(lines) + "}\n")
