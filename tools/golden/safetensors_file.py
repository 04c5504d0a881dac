"""Writes tests/golden/python.safetensors with the safetensors package, and reads back files that Stemma wrote.

    python tools/golden/safetensors_file.py            # write the golden file
    python tools/golden/safetensors_file.py FILE...    # list what the package reads in each
"""
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

if len(sys.argv) == 1:
    tensors = {
        "encoder.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 2,
        "half": np.array([1, 2], dtype=np.float16),
        "ids": np.array([1, -2, 3], dtype=np.int32),
        "none": np.zeros((0, 4), dtype=np.float32),
        "名": np.array(7, dtype=np.int64),
    }
    golden = Path(__file__).parents[2] / "tests" / "golden" / "python.safetensors"
    save_file(tensors, golden, metadata={"format": "pt", "写": "α"})
    golden.chmod(0o644)
for path in sys.argv[1:]:
    with safe_open(path, framework="np") as file:
        print(path, file.metadata())
        for name in file.keys():
            part = file.get_slice(name)
            values = [] if part.get_dtype() == "BF16" else file.get_tensor(name).ravel()[:8].tolist()  # not in numpy
            print(name, part.get_dtype(), part.get_shape(), values)
