#!/usr/bin/env python3
"""One sentence, greedily, by the Transformer of pytorch_models.py: what a program in Python and PyTorch needs to start."""
import torch
from safetensors.numpy import load_file

import pytorch_models as models
from paced import arguments, batches, config

a = arguments(__doc__, length={"type": int, "default": 14})
torch.set_num_threads(a.threads)
c = config(a.folder)
model = models.TunedTransformer(c["architecture"], c["vocabularies"]["target"]).eval()
model.load(load_file(a.folder / "model.safetensors"))
source = torch.as_tensor(batches(a.folder)[0][0][0])[None]
ids = torch.tensor([[1]])
with torch.inference_mode():
    for _ in range(a.length):
        h = model.hidden(source, torch.ones_like(source, dtype=torch.bool), ids)[:, -1:]
        ids = torch.cat([ids, (h @ model.embed.E.weight.T).argmax(2)], 1)
print(*ids[0, 1:].tolist(), flush=True)
