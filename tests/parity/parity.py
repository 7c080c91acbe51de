# SPDX-License-Identifier: Apache-2.0
"""What every check_X.py shares: run murine's dump program, load what it wrote, compare."""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import traceback

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

torch.set_num_threads(1)


def stop_at_once(kind, error, trace):
    """Debian's PyTorch can hang when an interpreter ends by an exception after a backward pass."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(1)


sys.excepthook = stop_at_once


def read_safetensors(path):
    """A dictionary of torch tensors (float32 and int64)."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": np.float32, "I64": np.int64, "F64": np.float64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + length + start : 8 + length + end], kinds[entry["dtype"]])
        tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


def dump():
    """Runs the program named on the command line; returns the tensors it wrote (FOLDER/dump.safetensors)."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        return read_safetensors(pathlib.Path(folder) / "dump.safetensors")


failures = 0


def same(name, ours, theirs, tolerance=1e-5):
    """Largest difference relative to the largest reference value; prints one line."""
    global failures
    if tuple(ours.shape) != tuple(theirs.shape):
        failures += 1
        print(f"FAIL {name}: shape {tuple(ours.shape)} against {tuple(theirs.shape)}")
        return
    scale = max(theirs.detach().abs().max().item(), 1e-12)
    difference = (ours - theirs.detach()).abs().max().item() / scale
    good = difference <= tolerance
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name}: relative difference {difference:.2e} (tolerance {tolerance:.0e})")


def finish():
    print("parity holds" if failures == 0 else f"{failures} comparisons failed")
    sys.stdout.flush()
    os._exit(failures > 0)
