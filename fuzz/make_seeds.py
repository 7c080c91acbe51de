#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fuzz/seeds/: a few small files for each fuzzer, good ones and near misses. Needs h5py (python3-h5py)."""
import gzip
import io
import json
import pathlib
import struct
import zipfile
import zlib

import h5py
import numpy as np

seeds = pathlib.Path(__file__).resolve().parent / "seeds"


def put(fuzzer, name, content):
    (seeds / fuzzer).mkdir(parents=True, exist_ok=True)
    (seeds / fuzzer / name).write_bytes(content)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def png(width, height, color, rows):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def recording():
    trials = np.arange(6)
    return {"images": (trials[:, None, None, None] * 7 % 5 + np.arange(6).reshape(1, 1, 2, 3)).astype("u1"),
            "responses": (trials[:, None] + np.arange(3)).astype("f4"),
            "behavior": np.ones((6, 3), "f4"), "pupil_center": np.ones((6, 2), "f4"),
            "tiers": np.array(["train", "train", "validation", "test", "test", "train"]),
            "ids": np.array([0, 5, 10, 15, 20, 0])}


def hdf5(**options):
    made, file = recording(), io.BytesIO()
    made["images"][5] = made["images"][0]
    with h5py.File(file, "w") as out:
        for name in ("images", "responses", "behavior", "pupil_center"):
            out.create_dataset(name, data=made[name], track_times=False, **options)
        out.create_dataset("tiers", data=made["tiers"].astype("S10"), track_times=False)
        out.create_dataset("item_info/frame_image_id", data=made["ids"], track_times=False)
        out.create_dataset("neurons/unit_ids", data=np.arange(3), track_times=False)
        out.create_dataset("neurons/area", data=["V1", "LM", "V1"], track_times=False)  # of variable length
    return file.getvalue()


def sensorium_zip(method):
    made, file = recording(), io.BytesIO()
    members = {f"data/{name}/{trial}.npy": npy(made[name][trial])
               for trial in range(6) for name in ("images", "responses", "behavior", "pupil_center")}
    members |= {"meta/trials/tiers.npy": npy(made["tiers"]), "meta/trials/frame_image_id.npy": npy(made["ids"]),
                "config.json": b'{"links": {"targets": "responses"}}'}
    with zipfile.ZipFile(file, "w") as out:
        for name, content in members.items():
            out.writestr(zipfile.ZipInfo("scan/" + name), content, compress_type=method)
    return file.getvalue()


def main():
    made = recording()
    for name, array in {"f4": np.eye(3, dtype="f4"), "f2": np.ones((2, 2), "f2"), "i8": np.arange(5), "b1": np.ones(3, "?"),
                        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big": np.arange(3, dtype=">i4"),
                        "U": np.array(["a", "é"]), "S": np.array([b"ab", b"c"]), "scalar": np.array(1.5)}.items():
        put("npy", name, npy(array))

    put("hdf5", "plain", hdf5())
    put("hdf5", "chunked", hdf5(chunks=True, compression="gzip", shuffle=True))
    put("zip", "stored", sensorium_zip(zipfile.ZIP_STORED))
    put("zip", "deflated", sensorium_zip(zipfile.ZIP_DEFLATED))

    replaced = [made["images"][1], made["responses"][0], made["behavior"][2], made["pupil_center"][5], made["tiers"],
                made["ids"], np.arange(6), np.arange(3), np.ones((3, 3), "f4"), np.ones(3, "f4"),
                np.ones((4, 3), "f4"), np.array([5, 15, 25, 35])]
    for number, array in enumerate(replaced):
        put("sensorium", f"file{number}", bytes([number]) + npy(array))
    put("sensorium", "links", bytes([12]) + b'{"links": {"targets": "responses"}}')
    put("sensorium", "sums", bytes([13]) + b"0" * 64 + b"  data/images/0.npy\n")

    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    put("safetensors", "one", safetensors({"a": entry}, b"\0" * 8))
    put("safetensors", "metadata", safetensors({"__metadata__": {"format": "pt"}, "a": entry}, b"\1" * 8))
    put("safetensors", "two", safetensors({"a": entry, "b": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}},
                                          b"\0" * 16))

    images, labels = b"\0\0\x08\x03" + struct.pack(">III", 2, 1, 2) + b"abcd", b"\0\0\x08\x01" + struct.pack(">I", 2) + b"\1\2"
    put("idx", "images", b"\0" + images)
    put("idx", "labels", b"\1" + labels)
    put("idx", "images.gz", b"\2" + gzip.compress(images, mtime=0))
    put("idx", "labels.gz", b"\3" + gzip.compress(labels, mtime=0))
    put("cifar", "cifar10", b"\3" + bytes(3072))
    put("cifar", "cifar100", b"\3\7" + bytes(3072))

    put("picture", "gray.png", png(2, 2, 0, b"\0ab\0cd"))
    put("picture", "color.png", png(1, 2, 2, b"\0abc\0def"))
    put("picture", "alpha.png", png(1, 1, 6, b"\0abcd"))
    # 1 x 1, gray, as libjpeg's cjpeg writes it
    put("picture", "gray.jpg", bytes.fromhex(
        "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100"
        "ffc40014000100000000000000000000000000000000ffc40014100100000000000000000000000000000000"
        "ffda0008010100003f0000ffd9"))

    for experiment in sorted((seeds.parent.parent / "configs").glob("*.toml")):
        put("experiment", experiment.stem, experiment.read_bytes())
    put("experiment", "set", b'#set train.width=[4, 8]\n[train]\ndata = "x"\nstimuli = "y"\nalpha = [1, 2]\n'
        b'[recordings.a]\nresponses = "r"\n[models.m]\nrecording = "a"\n[classifiers.c]\nfile = "f"\n[targets.t]\n'
        b'kind = "features"\nclassifier = "c"\n[conditions.none]\n[conditions.one]\ntarget = "t"\n[evaluate]\n'
        b'noise = "gaussian:0.1,0.2"\nattacks = "pgd:l2:1/255;cw"\ncorruptions = "extra:1,2"\n[statistics]\ntest = "t"\n')
    put("toml", "options", b'neurons = 4\nstimuli = "dead-leaves"\nshared-neurons = 0.5\n')
    put("toml", "tables", b'name = "a"\nseeds = [0, 1]\n[recordings.mouse]\nneurons = 4\n[[x]]\ny = {z = 1e3}\n')
    put("toml", "kinds", b'a = 0x1f\nb = """\ntext\n"""\nc = true\nd = -inf\ne = \'\\raw\'\nf = 1979-05-27T07:32:00Z\n')

    result = {"config": {"data": "mnist"}, "clean_accuracy": 0.5, "clean_interval": [0.4, 0.6], "n": 10,
              "model_description": "a", "tests": [
                  {"name": "gaussian", "level": 0.1, "accuracy": 0.4, "interval": [0.3, 0.5]},
                  {"name": "pgd", "norm": "linf", "epsilon": 0.01, "accuracy": 0.2, "interval": [0.1, 0.3]},
                  {"name": "fmn", "norm": "l2", "median_perturbation": 0.1, "quartiles": [0.05, 0.2]}]}
    put("results", "evaluate", json.dumps(result, indent=2).encode())
    put("results", "experiment", json.dumps({"name": "x", "conditions": [
        {"name": "none", "seeds": 1, "clean_accuracy": {"mean": 0.5, "se": None}, "tests": []}]}).encode())
    put("results", "hashed", b'{\n  "n": 1,\n  "file_sha256": "' + b"0" * 64 + b'"\n}\n')
    put("results", "line", b'{"sha256":"' + b"0" * 64 + b'","line":{}}\n')

    matrix, factor = npy(np.eye(3, dtype="f4")), npy(np.eye(3, 2, dtype="f4") + np.array([[0, 0], [0, 0], [1, 0]], "f4"))
    about = b'{"form": "factor"}'
    rule = b'{"form": "factor", "rule": {"threshold": 0.8, "low-threshold": 0.2, "range": "double"}}'
    put("target", "matrix", b"\0\0" + matrix)
    for name, text in (("factor", about), ("rule", rule)):
        put("target", name, struct.pack("<H", len(text)) + text + factor)


main()
