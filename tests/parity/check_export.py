# SPDX-License-Identifier: Apache-2.0
"""Exported models give the same logits of 1,000 images, to 1e-4, in PyTorch (safetensors) and in onnxruntime (ONNX)."""

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import parity
import torch
from parity import np
from torch import nn

here = pathlib.Path(__file__).parent


def load(path):
    """A reader that knows the format alone: {name: tensor}, metadata."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length :][start:end], "<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, metadata


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.downsample = nn.Sequential()
        if stride != 1 or inside != out:
            self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


def resnet18(about):
    """torchvision's ResNet-18 with the stem of small images, under torchvision's names."""
    width, inside, layers = about["width"], about["width"], {}
    layers["conv1"] = nn.Conv2d(about["channels"], width, 3, 1, 1, bias=False)
    layers["bn1"], layers["relu"] = nn.BatchNorm2d(width), nn.ReLU()
    for group in range(4):
        out = width << group
        layers[f"layer{group + 1}"] = nn.Sequential(Block(inside, out, 1 + (group > 0)), Block(out, out, 1))
        inside = out
    layers["pool"], layers["flat"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    layers["fc"] = nn.Linear(inside, about["classes"])
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    return network.eval()


def node_modules():
    """Where onnxruntime-node is, installed beside the test programs if need be; None where npm is absent.

    npm is not in packages.txt: Debian's needs hundreds of packages and conflicts with Node.js from elsewhere.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    home = pathlib.Path(sys.argv[1]).parent / "node"
    if not (home / "node_modules" / "onnxruntime-node").is_dir():
        home.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, home)
        # its install script would fetch what CUDA needs; the library for CPUs is in the package
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=home, check=True)
    shutil.copy(here / "onnx_logits.mjs", home)
    return home


def blurred(images, sigma):
    """A Gaussian along rows and columns, cut off at four deviations; edges reflected."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = torch.from_numpy((kernel / kernel.sum()).astype("f4"))
    padded = nn.functional.pad(images, (reach,) * 4, mode="reflect")
    planes = padded.flatten(0, 1).unsqueeze(1)
    planes = nn.functional.conv2d(nn.functional.conv2d(planes, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    return planes.view(images.shape)


def check(what, folder, home):
    ours = parity.read_safetensors(folder / "dump.safetensors")
    assert len(ours["images"]) == 1000
    tensors, metadata = load(folder / "exported.safetensors")
    about = json.loads(metadata["resnet"])
    assert metadata["format"] == "pt" and metadata["source"], metadata
    network = resnet18(about)
    network.load_state_dict(tensors)
    with torch.no_grad():
        seen = blurred(ours["images"], about["blur"]) if about["blur"] else ours["images"]
        theirs = network(about["scale"] * (seen - about["mean"]))
    if "labels" in ours:
        accuracy = (theirs.argmax(1) == ours["labels"]).double().mean().item()
        print(f"     {what} in PyTorch: {100 * accuracy:.1f} % of the test images named correctly")
        assert accuracy > 0.6, "it has not learned"
    tolerance = 1e-4 / max(1, theirs.abs().max().item())  # of each logit, not of the largest
    parity.same(f"{what}: logits of the safetensors file in PyTorch", ours["logits"], theirs, tolerance)
    if home is None:
        return
    (folder / "images.f32").write_bytes(ours["images"].numpy().tobytes())
    arguments = [folder / "exported.onnx", folder / "images.f32", folder / "logits.f32", *ours["images"].shape[1:]]
    subprocess.run(["node", home / "onnx_logits.mjs", *map(str, arguments)], check=True)
    logits = np.fromfile(folder / "logits.f32", "<f4").reshape(ours["logits"].shape)
    parity.same(f"{what}: logits of the ONNX file in onnxruntime", ours["logits"], torch.from_numpy(logits), tolerance)


with tempfile.TemporaryDirectory() as name:
    subprocess.run([sys.argv[1], name], check=True)
    home = node_modules()
    if home is None:
        print("onnxruntime: skipped, there is no node or npm")
    check("odd statistics", pathlib.Path(name) / "odd", home)
    check("behind a blur", pathlib.Path(name) / "blurred", home)
    check("trained on Fashion-MNIST", pathlib.Path(name) / "trained", home)
parity.finish()
