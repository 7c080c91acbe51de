#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same work in PyTorch: readout_pytorch.py NAME MODE SECONDS prints {"seconds": [...], "working_bytes": N}.

The readout is PyTorch's grid_sample and a product with the weights. MODE `default`: all cores, contiguous tensors,
nothing else set. MODE `best`: the fastest of what a user can choose: channels_last or contiguous, the product as
einsum or as multiplication and sum, an allocator that keeps its memory (scripts/bench sets it in the environment) and
Adam's fused loops.
"""
import itertools
import json
import os
import resource
import sys

import torch
from peer_pytorch import timed
from torch import nn
from torch.nn import functional

TRIALS, CHANNELS, NEURONS, HEIGHT, WIDTH = 128, 64, 8000, 36, 64


def read(features, positions, weights, einsum):
    sampled = functional.grid_sample(features, positions.unsqueeze(2), align_corners=True).squeeze(-1)
    return torch.einsum("ncp,pc->np", sampled, weights) if einsum else (sampled * weights.t()).sum(1)


class Core(nn.Module):
    def __init__(self, kernel=7, layers=4):
        super().__init__()
        stack = [nn.Conv2d(1, CHANNELS, 9, padding=4, bias=False), nn.BatchNorm2d(CHANNELS), nn.ELU(inplace=True)]
        for _ in range(layers - 1):
            stack += [nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False),
                      nn.Conv2d(CHANNELS, CHANNELS, kernel, padding=kernel // 2, groups=CHANNELS, bias=False),
                      nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False),
                      nn.BatchNorm2d(CHANNELS), nn.ELU(inplace=True)]
        self.stack = nn.Sequential(*stack)

    def forward(self, x):
        return self.stack(x)


class Encoder(nn.Module):
    def __init__(self, einsum):
        super().__init__()
        self.einsum, self.core = einsum, Core()
        self.positions = nn.Parameter(0.6 * torch.rand(NEURONS, 2) - 0.3)
        self.spread = nn.Parameter(0.2 * torch.rand(NEURONS, 2, 2) - 0.1)
        self.weights = nn.Parameter(torch.full((NEURONS, CHANNELS), 1 / CHANNELS))
        self.bias = nn.Parameter(torch.zeros(NEURONS))
        self.shifter = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 2), nn.Tanh())
        self.modulator = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, NEURONS), nn.ELU())

    def forward(self, images, behavior, pupil):
        noise = torch.randn(len(images), NEURONS, 1, 2)
        places = (self.positions + (self.spread * noise).sum(3)).clamp(-1, 1) + self.shifter(pupil).unsqueeze(1)
        drive = read(self.core(images), places, self.weights, self.einsum)
        return functional.elu(drive * (self.modulator(behavior) + 1) + self.bias) + 1


def readout(channels_last, einsum, best):
    layout = torch.channels_last if channels_last else torch.contiguous_format
    features = torch.empty(TRIALS, CHANNELS, HEIGHT, WIDTH, memory_format=layout)
    inputs = [features, torch.empty(TRIALS, NEURONS, 2), torch.empty(NEURONS, CHANNELS)]
    for tensor in inputs:
        tensor.uniform_(-1, 1).requires_grad_(True)
    mix = torch.rand(TRIALS, NEURONS)

    def step():
        read(*inputs, einsum).backward(mix)
        for tensor in inputs:
            tensor.grad = None

    return step, sum(4 * tensor.numel() for tensor in inputs)


def fit_step(channels_last, einsum, best):
    model = Encoder(einsum).train()
    images = torch.rand(TRIALS, 1, HEIGHT, WIDTH)
    if channels_last:
        model.core, images = (thing.to(memory_format=torch.channels_last) for thing in (model.core, images))
    adam = torch.optim.Adam(model.parameters(), lr=0.001, **({"foreach": True} if best else {}))
    recorded, behavior, pupil = 2 * torch.rand(TRIALS, NEURONS), torch.rand(TRIALS, 3), torch.rand(TRIALS, 2)
    poisson = nn.PoissonNLLLoss(log_input=False, full=False, reduction="sum")
    laplace = torch.tensor([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]]).view(1, 1, 3, 3)

    def step():
        adam.zero_grad(set_to_none=True)
        loss = poisson(model(images, behavior, pupil), recorded)
        rough = functional.conv2d(model.core.stack[0].weight, laplace, padding=1).square().sum()
        ((4500 / TRIALS) ** 0.5 * loss + 10 * rough + 3 * model.weights.abs().sum()).backward()
        adam.step()
        return loss.item()

    return step, 0


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    name, mode, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's PyTorch starts with one
    make = {"readout": readout, "fit-step": fit_step}[name]
    ways = list(itertools.product((True, False), (True, False))) if mode == "best" else [(False, True)]
    found, working = [], None
    for channels_last, einsum in ways:
        step, gradients = make(channels_last, einsum, mode == "best")
        before = peak()
        step()
        if working is None:  # peaks only ever grow: the first way's alone can be told
            working = peak() - before - gradients
        found.append(timed(step, seconds / len(ways), least=2))
        del step
    times = min(found, key=lambda each: sorted(each)[len(each) // 2])
    print(json.dumps({"seconds": times, "working_bytes": working}))


main()
