#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same work in PyTorch: peer_pytorch.py NAME MODE WIDTH SECONDS prints {"seconds": [...], "peak_bytes": N}.

MODE `default`: all cores, float32, contiguous tensors, nothing else set. MODE `best`: what makes it fastest on a
CPU: channels_last or contiguous, whichever is the faster here, an allocator that keeps its memory (scripts/bench
sets it in the environment), fused optimizer loops, frozen graphs for inference and, in the bf16 rows, autocast
(without AVX-512 PyTorch has no fast path for it, and scripts/bench asks for float32 there).
"""
import json
import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def conv(c_in, c_out, kernel, stride=1):
    return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(c_in, c_out, 3, stride), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = conv(c_out, c_out, 3), nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(conv(c_in, c_out, 1, stride), nn.BatchNorm2d(c_out))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return self.relu(out)


class ResNet18(nn.Module):
    def __init__(self, width, channels=1, classes=10):
        super().__init__()
        self.stem = nn.Sequential(conv(channels, width, 3), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        groups, c_in = [], width
        for group in range(4):
            c_out = width << group
            groups.append(nn.Sequential(Block(c_in, c_out, 1 if group == 0 else 2), Block(c_out, c_out, 1)))
            c_in = c_out
        self.groups = nn.ModuleList(groups)
        self.fc = nn.Linear(c_in, classes)

    def stages(self, x):
        out = [self.stem(5 * (x - 0.5))]
        for group in self.groups:
            out.append(group(out[-1]))
        return out

    def forward(self, x):
        x = self.stem(5 * (x - 0.5))
        for group in self.groups:
            x = group(x)
        return self.fc(x.mean((2, 3)))


class PairLoss(nn.Module):
    """The similarity loss over K stages, vectorized over pairs."""

    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(5))
        self.means = [torch.zeros(c) for c in (width, width, 2 * width, 4 * width, 8 * width)]

    def forward(self, stages, first, second, wanted):
        similar = []
        for k, stage in enumerate(stages):
            stage = stage.float()
            with torch.no_grad():
                self.means[k].mul_(0.9).add_(stage.mean((0, 2, 3)), alpha=0.1)
            flat = (stage - self.means[k].view(1, -1, 1, 1)).flatten(1)
            similar.append(functional.cosine_similarity(flat[first], flat[second], dim=1))
        found = torch.stack(similar, 1) @ torch.softmax(self.gamma, 0)
        limit = 1 - 1e-5
        return (torch.atanh(found.clamp(-limit, limit)) - torch.atanh(wanted.clamp(-limit, limit))).square().mean()


def batch(n, height, width, channels_last):
    images = torch.rand(n, 1, height, width)
    return images.contiguous(memory_format=torch.channels_last) if channels_last else images


def training(name, best, width, channels_last):
    model, pairs = ResNet18(width), PairLoss(width)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    parameters = list(model.parameters()) + list(pairs.parameters())
    extra = {"foreach": True} if best else {}
    sgd = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4, **extra)
    images, labels = batch(64, 32, 32, channels_last), torch.randint(0, 10, (64,))
    stimuli, wanted = batch(32, 36, 64, channels_last), torch.rand(16) - 0.5
    first, second = torch.arange(0, 32, 2), torch.arange(1, 32, 2)
    half = best and name.endswith("bf16")

    def step():
        sgd.zero_grad(set_to_none=best)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = model(images)
            stages = model.stages(stimuli) if name.startswith("regularized") else None
        loss = functional.cross_entropy(logits.float(), labels)
        if stages is not None:
            loss = loss + 20 * pairs(stages, first, second, wanted)
        loss.backward()
        sgd.step()
        return loss.item()

    return step


def inference(best, width, channels_last):
    model, images = ResNet18(width).eval(), batch(256, 32, 32, channels_last)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    if best:
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))

    def step():
        with torch.inference_mode() if not best else torch.no_grad():
            return model(images).argmax(1)

    return step


def pgd(best, width, channels_last):
    model = ResNet18(width).eval()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    if best:  # gradients for the input alone
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    images, labels = batch(64, 32, 32, channels_last), torch.randint(0, 10, (64,))
    state = {"x": images.clone()}

    def step():
        x = state["x"].detach().requires_grad_(True)
        loss = functional.cross_entropy(model(x), labels, reduction="sum")
        gradient, = torch.autograd.grad(loss, x)
        with torch.no_grad():
            moved = x + 0.001 * gradient.sign()
            state["x"] = torch.min(torch.max(moved, images - 0.03), images + 0.03).clamp(0, 1)

    return step


def make(name, best, width, channels_last):
    torch.manual_seed(0)
    if name == "inference-fp32":
        return inference(best, width, channels_last)
    if name == "pgd-fp32":
        return pgd(best, width, channels_last)
    return training(name, best, width, channels_last)


def timed(step, seconds, least=3):
    step()
    step()
    times, start = [], time.perf_counter()
    while len(times) < least or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return times


def main():
    name, mode, width, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's PyTorch starts with one
    best = mode == "best"
    if not best or name == "train-memory":
        times = timed(make(name, best, width, best), seconds)
    else:
        times = min((timed(make(name, True, width, last), seconds / 2) for last in (True, False)),
                    key=lambda found: sorted(found)[len(found) // 2])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": times, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
