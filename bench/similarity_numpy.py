#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same work in numpy: similarity_numpy.py IMAGES DIMENSIONS SCANS REPEATS prints {"seconds": [...], "blas": NAME}.

The mean similarity matrix of random vectors, as its users write it; numpy sees that a matrix is multiplied with its own
transpose and computes one triangle (ssyrk). Which BLAS it uses is the system's choice: for the fastest, install it
(libopenblas0-pthread, or libblis4) before the measurement.
"""
import json
import os
import resource
import sys
import time

import numpy as np


def unit_vectors(vectors):
    centred = vectors - vectors.mean(0, dtype=np.float64).astype(np.float32)
    return centred / np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]


def mean_similarity(scans):
    total = None
    for vectors in scans:
        unit = unit_vectors(vectors)
        products = unit @ unit.T
        total = products if total is None else np.add(total, products, out=total)
    total /= len(scans)
    np.clip(total, -1, 1, out=total)
    np.fill_diagonal(total, 1)
    return total


def blas_in_use():
    with open("/proc/self/maps") as maps:
        files = {os.path.basename(line.split()[-1]) for line in maps if "/" in line}
    return sorted(name for name in files if any(word in name for word in ("blas", "blis", "mkl")))


def main():
    images, dimensions, scans, repeats = map(int, sys.argv[1:])
    random = np.random.default_rng(0)
    recorded = [random.random((images, dimensions), dtype=np.float32) for _ in range(scans)]
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        mean_similarity(recorded)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak, "blas": blas_in_use()}))


if __name__ == "__main__":
    main()
