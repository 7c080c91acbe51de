#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs of bad_input_test.sh: a few good ones, and for each a number of spoilt copies.

usage: bad_input_files.py FOLDER (which holds scan.h5 and long.h5, made by `murine simulate`)
"""
import gzip
import json
import pathlib
import shutil
import struct
import sys
import zipfile

import h5py
import numpy as np

folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(0)


def write_idx(name, images, labels, magic=b"\0\0\x08\x03", cut=0):
    """MNIST's layout, both splits the same; the last `cut` bytes of the images are missing."""
    place = folder / name
    place.mkdir()
    for split in ("train", "t10k"):
        header = magic + struct.pack(">3I", *images.shape)
        content = header + images.tobytes()
        (place / f"{split}-images-idx3-ubyte").write_bytes(content[: len(content) - cut])
        content = b"\0\0\x08\x01" + struct.pack(">I", len(labels)) + labels.tobytes()
        (place / f"{split}-labels-idx1-ubyte").write_bytes(content)


def cut_gzip(name):
    """The same set gzipped, and the images' file broken off in the middle."""
    for path in (folder / name).iterdir():
        packed = gzip.compress(path.read_bytes())
        path.unlink()
        path.with_name(path.name + ".gz").write_bytes(packed[: len(packed) // 2] if "images" in path.name else packed)


def write_cifar(name, records, cut):
    place = folder / name
    place.mkdir()
    record = bytes(3073)
    for batch in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        content = record * records
        (place / f"{batch}.bin").write_bytes(content[: len(content) - cut])


def spoil_recording(name, dataset, spoil, source="scan.h5"):
    """A copy of a recording with one dataset replaced; None takes it away."""
    path = folder / name
    shutil.copy(folder / source, path)
    with open(path, "r+b") as file:
        file.write(bytes(512))  # without its hash: the fault is to be found, not the change
    with h5py.File(path, "r+") as file:
        values = spoil(file[dataset][()])
        del file[dataset]
        if values is not None:
            file[dataset] = values


def with_value(value, *index):
    def spoil(values):
        values[index] = value
        return values
    return spoil


def cut(name, source, share):
    content = (folder / source).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * share)])


def write_resnet(name, **changes):
    """A ResNet of one block by torchvision's names, for 12 x 12 gray images and 3 classes; None takes a tensor away."""
    shapes = {"conv1.weight": (2, 1, 3, 3), "fc.weight": (3, 2), "fc.bias": (3,)}
    for layer in ("1", "2"):
        shapes[f"layer1.0.conv{layer}.weight"] = (2, 2, 3, 3)
    for norm in ("bn1", "layer1.0.bn1", "layer1.0.bn2"):
        shapes.update({f"{norm}.{part}": (2,) for part in ("weight", "bias", "running_mean", "running_var")})
    tensors = {key: random.random(shape, dtype=np.float32) for key, shape in sorted(shapes.items())}
    for key, change in changes.items():
        tensors[key.replace("_", ".")] = change
    header, data = {}, b""
    for key, tensor in tensors.items():
        if tensor is None:
            continue
        content = tensor.astype("<f4").tobytes()
        header[key] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_corrupted(name, labels, **arrays):
    """The layout of CIFAR-10-C."""
    (folder / name).mkdir()
    np.save(folder / name / "labels.npy", labels)
    for kind, array in arrays.items():
        np.save(folder / name / f"{kind}.npy", array)


images = random.integers(0, 256, (40, 12, 12), dtype=np.uint8)
labels = (np.arange(40) % 3).astype(np.uint8)
np.save(folder / "images.npy", images)
np.save(folder / "labels.npy", labels)
np.save(folder / "floats.npy", (images / 255).astype(np.float32))

write_idx("idx-good", images, labels)
write_idx("idx-cut", images, labels, cut=100)
write_idx("idx-magic", images, labels, magic=b"\0\0\x0d\x03")
write_idx("idx-labels", images, labels[:-1])
write_idx("idx-label-10", images, np.full(40, 10, np.uint8))
write_idx("idx-gzip", images, labels)
cut_gzip("idx-gzip")
write_cifar("cifar-cut", 2, cut=7)
(folder / "cifar-pickle").mkdir()
(folder / "cifar-pickle" / "data_batch_1").write_bytes(b"\x80\x02}q\x01")

cut("cut.npy", "images.npy", 0.7)
(folder / "text.npy").write_text("1 2 3\n")
np.save(folder / "objects.npy", np.array([[[1]], None], dtype=object), allow_pickle=True)
np.save(folder / "bright.npy", images.astype(np.float32))
np.save(folder / "nan.npy", np.full((40, 12, 12), np.nan, np.float32))
np.save(folder / "none.npy", images[:0])
np.save(folder / "small.npy", images[:, :4, :4])
np.save(folder / "labels-39.npy", labels[:-1])
np.save(folder / "labels-minus.npy", labels.astype(np.int64) - 1)

np.save(folder / "labels-9.npy", np.full(40, 9, np.uint8))
np.save(folder / "colour.npy", np.repeat(images[:, None], 3, axis=1))
write_corrupted("corrupted-few", np.tile(labels[:39], 5))
write_corrupted("corrupted-other", np.tile((labels + 1) % 3, 5))
write_corrupted("corrupted-shape", np.tile(labels, 5), fog=np.zeros((200, 12, 12), np.uint8))

similarity = np.eye(40, dtype=np.float32)
np.save(folder / "foreign-39.npy", similarity[:39, :39])
np.save(folder / "oblong.npy", similarity[:39])
for name, value in (("nan", np.nan), ("oneway", 0.5)):
    spoilt = similarity.copy()
    spoilt[3, 5] = value
    np.save(folder / f"target-{name}.npy", spoilt)

np.save(folder / "one-image.npy", images[:1].repeat(40, axis=0))
np.save(folder / "one-label.npy", np.zeros(40, np.int64))
np.save(folder / "coloured.npy", np.stack([images] * 3, axis=1))
np.save(folder / "long.npy", 2 * np.eye(40, 7, dtype=np.float32))
(folder / "long.json").write_text('{"form": "factor"}')

cut("cut.h5", "scan.h5", 0.6)
(folder / "text.h5").write_text("no recording\n")
spoil_recording("nan.h5", "responses", with_value(np.nan, 3, 2))
spoil_recording("still.h5", "responses", lambda values: values * np.array([1, 0, 1]))
spoil_recording("negative.h5", "responses", with_value(-0.25, 3, 2))
spoil_recording("no-responses.h5", "responses", lambda values: None)
spoil_recording("no-tiers.h5", "tiers", lambda values: None)
spoil_recording("odd-tier.h5", "tiers", with_value(b"trian", 4))
spoil_recording("number-tiers.h5", "tiers", lambda values: np.zeros(len(values), np.int64))
spoil_recording("half-ids.h5", "item_info/frame_image_id", lambda values: values + 0.5)
spoil_recording("few-behavior.h5", "behavior", lambda values: values[:, :2])
spoil_recording("nan-pupil.h5", "pupil_center", with_value(np.nan, 0, 1))

spoil_recording("no-positions.h5", "neurons/cell_motor_coordinates", lambda values: None, "long.h5")
spoil_recording("turned.h5", "images", lambda values: values.swapaxes(2, 3), "long.h5")
spoil_recording("few-positions.h5", "neurons/cell_motor_coordinates", lambda values: values[:2])
spoil_recording("few-statistics.h5", "statistics/responses/all/std", lambda values: values[:2])
spoil_recording("few-order.h5", "item_info/trial_idx", lambda values: values[:-1])


# copies of scan/, a Sensorium folder, with one file replaced or taken away; one with its hashes, the others without
shutil.copytree(folder / "scan", folder / "tree-damaged")
(folder / "tree-damaged/data/responses/3.npy").write_bytes((folder / "scan/data/responses/2.npy").read_bytes())
(folder / "scan/SHA256SUMS").unlink()


def spoil_tree(name, file, array=None, text=None):
    place = folder / name
    shutil.copytree(folder / "scan", place)
    path = place / file
    if array is not None:
        np.save(path, array, allow_pickle=True)
    elif text is not None:
        path.write_text(text)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


tree_tiers = np.load(folder / "scan/meta/trials/tiers.npy")
spoil_tree("tree-no-tiers", "meta/trials/tiers.npy")
spoil_tree("tree-number-tiers", "meta/trials/tiers.npy", np.zeros(len(tree_tiers)))
spoil_tree("tree-object-tiers", "meta/trials/tiers.npy", tree_tiers.astype(object))
spoil_tree("tree-odd-tier", "meta/trials/tiers.npy", np.where(np.arange(len(tree_tiers)) == 4, "trian", tree_tiers))
spoil_tree("tree-lost", "data/images/5.npy")
spoil_tree("tree-no-responses", "data/responses")
spoil_tree("tree-few", "data/responses/3.npy", np.zeros(2))
spoil_tree("tree-objects", "data/responses/0.npy", np.array([1, None, 2], dtype=object))
spoil_tree("tree-complex", "data/images/2.npy", np.zeros((1, 16, 24), complex))
spoil_tree("tree-nan", "data/responses/2.npy", np.array([0, np.nan, 1]))
spoil_tree("tree-size", "data/images/7.npy", np.zeros((1, 24, 16)))
spoil_tree("tree-behavior", "data/behavior/1.npy", np.zeros(4))
spoil_tree("tree-statistics", "meta/statistics/responses/all/std.npy", np.ones(5))
spoil_tree("tree-config", "config.json", text='{"links": ')
spoil_tree("tree-cut", "data/responses/3.npy")
cut("tree-cut/data/responses/3.npy", "scan/data/responses/3.npy", 0.95)
shutil.copytree(folder / "scan", folder / "tree-videos")
(folder / "tree-videos/data/images").rename(folder / "tree-videos/data/videos")
for name in ("one", "two"):
    shutil.copytree(folder / "scan", folder / "trees" / name)


def write_zip(name, members):
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in members.items():
            packed.writestr(member, content)


members = {str(path.relative_to(folder)): path.read_bytes()
           for path in sorted((folder / "scan").rglob("*")) if path.is_file()}
write_zip("good.zip", members)
cut("cut.zip", "good.zip", 0.7)
write_zip("other.zip", {"readme.txt": b"no recording"})
write_zip("bomb.zip", members | {"scan/data/responses/0.npy": bytes(1 << 28)})  # 256 MB of zeros in 256 kB
packed = bytearray((folder / "good.zip").read_bytes())
entry = packed.rindex(b"PK\1\2")
while b"tiers.npy" not in packed[entry + 46 : entry + 100]:
    entry = packed.rindex(b"PK\1\2", 0, entry)
packed[entry + 8] |= 1
(folder / "locked.zip").write_bytes(packed)
packed[entry + 8] &= 0xFE
packed[entry + 16] ^= 0xFF
(folder / "flipped.zip").write_bytes(packed)

(folder / "pictures").mkdir()
(folder / "pictures" / "a.png").write_text("no picture")
(folder / "empty").mkdir()
(folder / "text.safetensors").write_text("no model, but long enough to look at")
(folder / "lies.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}")
(folder / "plain.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")

write_resnet("resnet.safetensors")
write_resnet("resnet-cut.safetensors", conv1_weight=None)
write_resnet("nan.safetensors", fc_bias=np.full(3, np.nan, np.float32))
(folder / "zip.pt").write_bytes(b"PK\x03\x04 and nothing that belongs to it")

# arrays to import
responses = random.random((len(images), 3), dtype=np.float32)
np.save(folder / "responses.npy", responses)
np.save(folder / "responses-nan.npy", with_value(np.nan, 4, 1)(responses.copy()))
np.save(folder / "responses-minus.npy", with_value(-0.5, 7, 2)(responses.copy()))
np.save(folder / "responses-39.npy", responses[:39])
trials = np.repeat(responses[:, None], 2, axis=1)
np.save(folder / "trials.npy", trials)
np.save(folder / "trials-half.npy", with_value(-1, 3, 1, 0)(trials.copy()))
np.save(folder / "behavior-39.npy", np.zeros((39, 3), np.float32))
np.save(folder / "tiers-typo.npy", np.array(["train"] * 39 + ["tset"]))

# experiments
experiment = """
[recordings.mouse]
neurons = 3
[models.mouse]
recording = "mouse"
[targets.neural]
kind = "neural"
model = ["mouse"]
[train]
data = "npy:images.npy,labels.npy"
stimuli = "npy:images.npy"
[conditions.neural]
target = "neural"
"""
for name, old, new in (
    ("unknown-key", "neurons = 3", "neuron = 3"),
    ("unknown-table", "[models.mouse]", "[model.mouse]"),
    ("unknown-target", 'target = "neural"', 'target = "nueral"'),
    ("unknown-recording", 'recording = "mouse"', 'recording = "rat"'),
    ("broken", "[train]", "[train"),
    ("bad-attack", "[train]", '[evaluate]\nattacks = "pdg"\n[train]'),
    ("no-conditions", '[conditions.neural]\ntarget = "neural"', ""),
    ("seed-in-train", "[train]", "[train]\nseed = 3"),
    ("escaping-name", "[conditions.neural]", '[conditions."../neural"]'),
    ("negative-seed", "\n[recordings", "seeds = [-1]\n[recordings"),
):
    assert old in experiment
    (folder / f"{name}.toml").write_text(experiment.replace(old, new, 1))
