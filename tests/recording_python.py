#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent reader and writer of recordings, for recording_python_test.sh.

Reads as the field's Python tools do: a folder of one file a trial, or an HDF5 file of arrays; strings of bytes become text,
statistics may be broadcast against their arrays.
"""
import json
import pathlib
import sys
import zipfile

import h5py
import numpy as np

KEYS = ("images", "responses", "behavior", "pupil_center")


class Tree:
    """A folder of data/KEY/TRIAL.npy and meta/."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        assert json.loads((self.folder / "config.json").read_text())["links"] == {}
        counts = {len(list((self.folder / "data" / key).glob("*"))) for key in KEYS}
        assert len(counts) == 1, counts
        self.trials = counts.pop()

    def data(self, key):
        return np.stack([np.load(self.folder / "data" / key / f"{t}.npy") for t in range(self.trials)])

    def meta(self, name):
        return np.load(self.folder / "meta" / f"{name}.npy")

    def tiers(self):
        return self.meta("trials/tiers")


class File:
    """An HDF5 file of arrays."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        assert len({len(self.file[key]) for key in KEYS if key in self.file}) == 1

    def data(self, key):
        return self.file[key][:]

    def meta(self, name):
        values = self.file[name.replace("trials/", "item_info/")][()]
        return values.astype(str) if values.dtype.char == "S" else values

    def tiers(self):
        return self.meta("tiers")


def reads(file, folder):
    h5, tree = File(file), Tree(folder)
    for key in KEYS:
        assert np.array_equal(h5.data(key), tree.data(key)), key
    assert np.array_equal(h5.tiers(), tree.tiers()) and set(tree.tiers()) == {"train", "validation", "test"}
    for name in ("trials/frame_image_id", "trials/trial_idx", "neurons/unit_ids", "neurons/cell_motor_coordinates",
                 "neurons/area", "neurons/layer", "neurons/animal_ids", "neurons/sessions", "neurons/scan_idx"):
        assert np.array_equal(h5.meta(name), tree.meta(name)), name
    assert tree.meta("neurons/area").dtype.kind == "U" and tree.meta("neurons/scan_idx").dtype.kind == "i"
    for source in (h5, tree):
        for key in KEYS:
            values = source.data(key).astype(np.float64)
            axis = None if key == "images" else 0
            for name in ("mean", "std", "min", "max", "median"):
                for frames in ("all", "stimulus_frame"):
                    stored = source.meta(f"statistics/{key}/{frames}/{name}")
                    expected = getattr(np, name)(values, axis=axis)
                    assert np.allclose(stored, expected, rtol=1e-5, atol=1e-5), (key, name, stored, expected)
            source.data(key)[0] / source.meta(f"statistics/{key}/all/std")  # the shapes go together


def repeats(h5):
    responses, ids = h5.data("responses").astype(np.float64), h5.meta("trials/frame_image_id")
    return [responses[ids == i] for i in np.unique(ids) if np.sum(ids == i) > 1]


def correlation(x, y):
    return np.array([0 if x[:, a].std() == 0 or y[:, a].std() == 0 else np.corrcoef(x[:, a], y[:, a])[0, 1]
                     for a in range(x.shape[1])])


def figures(file, inspected):
    shown = repeats(File(file))
    inspected = json.loads(pathlib.Path(inspected).read_text())
    trials = np.concatenate(shown)
    others = np.concatenate([(r.sum(0) - r) / (len(r) - 1) for r in shown])
    signal = np.var([r.mean(0) for r in shown], axis=0)
    noise = np.mean([r.var(0) for r in shown], axis=0)
    total, noise_sample = trials.var(0, ddof=1), np.mean([r.var(0, ddof=1) for r in shown], axis=0)
    random = np.random.default_rng(0)
    halves, similarities = [], []
    for _ in range(400):
        order = random.permutation(len(shown[0]))
        half = len(order) // 2
        a, b = (np.array([r[part].mean(0) for r in shown]) for part in (order[:half], order[half:]))
        halves.append(correlation(a, b))
        pairs = []
        for means in (a, b):
            vectors = (means - means.mean(0)) * (np.sqrt(signal) / np.sqrt(noise))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            pairs.append((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)])
        similarities.append(np.corrcoef(*pairs)[0, 1])
    half = np.mean(halves, axis=0)
    for name, expected, tolerance in (
        ("oracle_correlation", correlation(trials, others).mean(), 1e-6),
        ("oracle_correlation_conservative", (signal / np.sqrt(signal * (signal + noise))).mean(), 1e-6),
        ("fev", ((total - noise_sample) / total).mean(), 1e-6),
        ("signal_to_noise_weight", (np.sqrt(signal / noise)).mean(), 1e-6),
        ("sigma", np.sqrt(signal).mean(), 1e-6),
        ("eta", np.sqrt(noise).mean(), 1e-6),
        ("split_half_reliability", half.mean(), 0.03),
        ("split_half_spearman_brown", (2 * half / (1 + abs(half))).mean(), 0.03),
        ("similarity_reliability", np.mean(similarities), 0.05),
    ):
        assert abs(inspected[name] - expected) <= tolerance, (name, inspected[name], expected)


def same(one, other):
    names = []
    with h5py.File(one, "r") as a, h5py.File(other, "r") as b:
        a.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        assert len(names) > 50
        for name in names:
            assert a[name].dtype == b[name].dtype and np.array_equal(a[name][()], b[name][()]), name


def odd():
    """Eleven trials of nine images, two channels; what is stored must be what is read, whatever the types."""
    random = np.random.default_rng(5)
    ids = np.array([40, 7, 9, 12, 40, 3, 5, 8, 7, 40, 100], np.int32)
    pixels = {i: random.integers(0, 256, (2, 8, 12)) for i in ids}
    tiers = np.array(["final_test", "live_test", "train", "validation", "final_test", "train", "train", "train",
                      "live_test", "final_test", "train"])
    return {
        "images": np.stack([pixels[i] for i in ids]),
        "responses": random.gamma(1, 1, (11, 4)).astype(np.float16),
        "behavior": random.normal(size=(11, 3)),
        "pupil_center": random.integers(-5, 5, (11, 2)),
        "tiers": tiers,
        "ids": ids,
        "area": np.array(["V1", "LM", "", "RL"]),
        "unit_ids": np.array([5, 3, 8, 1], np.uint16),
    }


def save(folder, name, array, version=(1, 0)):
    path = folder / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=True)


def writes(folder, archive, file):
    scan, folder = odd(), pathlib.Path(folder)
    images = (np.float64, ">f4", np.uint8, "<f2", np.int16)
    for t in range(len(scan["ids"])):
        save(folder, f"data/images/{t}", np.asfortranarray(scan["images"][t].astype(images[t % 5])), (1 + t % 3, 0))
        save(folder, f"data/responses/{t}", scan["responses"][t].astype((">f8", "<f2", "<f4")[t % 3]))
        save(folder, f"data/behavior/{t}", scan["behavior"][t].reshape((1, 3) if t % 2 else (3,)))
        save(folder, f"data/pupil_center/{t}", scan["pupil_center"][t].astype("i1"))
    save(folder, "meta/trials/tiers", scan["tiers"].astype("S"))
    save(folder, "meta/trials/frame_image_id", scan["ids"].astype(">i4"))
    save(folder, "meta/trials/trial_idx", np.array([f"{hash(t) % 97:x}" for t in range(11)]))
    save(folder, "meta/neurons/area", scan["area"].astype(">U2"))
    save(folder, "meta/neurons/unit_ids", scan["unit_ids"])
    save(folder, "meta/neurons/multi_match_id", np.array([None, 1, 2, 3], dtype=object))

    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../evil.npy", b"a member with a name that leads out of the folder")
        packed.write(folder, folder.name)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.stem == "3":
                with packed.open(str(path), "w", force_zip64=True) as member:
                    member.write(path.read_bytes())
            elif path.is_file():
                packed.write(path, compress_type=zipfile.ZIP_STORED if path.stem == "4" else zipfile.ZIP_DEFLATED)

    with h5py.File(file, "w") as h5:
        h5["images"] = scan["images"].astype("f8")
        h5["responses"] = scan["responses"].astype(">f4")
        h5.create_dataset("behavior", data=scan["behavior"], chunks=(2, 3), compression="gzip", shuffle=True)
        h5["pupil_center"] = scan["pupil_center"]
        h5.create_dataset("tiers", data=[str(t) for t in scan["tiers"]], dtype=h5py.string_dtype())
        h5["item_info/image_id"] = scan["ids"]
        h5["neurons/area"] = scan["area"].astype("S")
        h5["neurons/unit_ids"] = scan["unit_ids"]


def same_as_written(path):
    scan, h5 = odd(), File(path)
    for key in KEYS:
        assert np.array_equal(h5.data(key), scan[key].astype(h5.data(key).dtype)), key
    tiers = np.where(scan["tiers"] == "live_test", "test", scan["tiers"])
    assert np.array_equal(h5.tiers(), tiers)
    assert np.array_equal(h5.meta("trials/frame_image_id"), scan["ids"])
    assert np.array_equal(h5.meta("neurons/area"), scan["area"])
    assert np.array_equal(h5.meta("neurons/unit_ids"), scan["unit_ids"])


def size(path, height, width):
    assert File(path).data("images").shape[2:] == (int(height), int(width))


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
