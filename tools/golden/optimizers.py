"""Ten steps of each optimiser by PyTorch, for stemma/ops/update_test.cc.

Usage: python3 tools/golden/optimizers.py > tests/golden/optimizers.json     (needs torch)
Each case: the options, the shape, the weights before, the gradient of each step and the weights after it.
"""
import json

import torch

STEPS = 10


def run(name, shape, make, **options):
    generator = torch.Generator().manual_seed(len(name) + shape[0])
    start = torch.randn(shape, generator=generator)
    w = torch.nn.Parameter((start[0] if shape[0] == 1 else start).clone())
    optimizer = make([w], **options)
    gradients, weights = [], []
    for step in range(STEPS):
        w.grad = torch.randn(w.shape, generator=generator) * (0.1 + step % 3)
        gradients.append(w.grad.flatten().tolist())
        optimizer.step()
        weights.append(w.detach().flatten().tolist())
    return {
        "name": name,
        "shape": shape,
        "options": options,
        "start": start.flatten().tolist(),
        "gradients": gradients,
        "weights": weights,
    }


def rounded(value):
    """Nine digits bring every f32 back."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return value


SGD, Adam, AdamW, Adafactor = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adafactor
CASES = [
    run("sgd", [1, 5], SGD, lr=0.1),
    run("sgd", [3, 3], SGD, lr=0.05, momentum=0.9, weight_decay=0.01),
    run("sgd", [2, 4], SGD, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1),
    run("adam", [3, 5], Adam, lr=0.01),
    run("adam", [1, 4], Adam, lr=0.02, betas=[0.9, 0.98], eps=1e-6, weight_decay=0.1),
    run("adamw", [4, 4], AdamW, lr=0.01, weight_decay=0.05),
    run("adafactor", [4, 5], Adafactor, lr=0.5),
    run("adafactor", [3, 2], Adafactor, lr=0.02, weight_decay=0.1, d=1.5),
    run("adafactor", [1, 6], Adafactor, lr=0.1, beta2_decay=-0.6),
]
print(json.dumps(rounded(CASES), separators=(",", ":")))
