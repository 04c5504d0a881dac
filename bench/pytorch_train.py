#!/usr/bin/env python3
"""Training steps in PyTorch on the batches that `stemma bench train-... --out` wrote."""
import torch
from safetensors.numpy import load_file
from torch import nn

import pytorch_models as models
from paced import arguments, batches, config, serve, timed

a = arguments(__doc__, what={"default": "transformer"}, variant={"choices": ["plain", "tuned", "compiled"]},
              steps={"type": int})
torch.set_num_threads(a.threads)
torch.set_num_interop_threads(1)
torch.manual_seed(1)
plain = a.variant == "plain"


def make():
    if a.what == "lm":
        model = models.LanguageModel()
        ids = torch.from_numpy(load_file(a.folder / "batches.safetensors")["ids"]).long().T.contiguous()
        chunks = [(ids[i : i + 35], ids[i + 1 : i + 36]) for i in range(0, len(ids) - 35, 35)]
        return model, chunks, [ids.shape[1] * 35] * len(chunks), 0.0
    c = config(a.folder)
    kind = models.AttentiveLstm if a.what == "rnn" else models.PlainTransformer if plain else models.TunedTransformer
    data = [models.Batch(*pair) for pair in batches(a.folder)]
    return (kind(c["architecture"], c["vocabularies"]["target"]), data, [b.tokens for b in data],
            c["train"]["label_smoothing"])


model, data, tokens, smoothing = make()
model.load(load_file(a.folder / "model.safetensors"))
if a.what == "lm":
    optimizer = torch.optim.SGD(model.parameters(), 1.0, fused=not plain)
else:
    optimizer = torch.optim.Adam(model.parameters(), 1e-4, (0.9, 0.98), 1e-9, fused=not plain)
model.eval()
with torch.no_grad():
    first = float(model.loss(data[0], smoothing)) / tokens[0]
model.train()
model.state = None
if a.variant == "compiled":
    model.loss_of = torch.compile(model.loss_of, dynamic=True)


def step(i):
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"):
        loss = model.loss(data[i], smoothing) / tokens[i]
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0 if a.what == "lm" else 1.0)
    optimizer.step()
    return loss


def play(k):
    which = [i % len(data) for i in range(k * a.steps, (k + 1) * a.steps)]
    return [timed("train", sum(tokens[i] for i in which), lambda: [step(i).item() for i in which])]


serve({"loss": first, "version": torch.__version__}, play)
