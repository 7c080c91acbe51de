# SPDX-License-Identifier: Apache-2.0
"""ResNet-18 and the joint loss, written anew with torch.nn."""

import parity
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or inside != out:
            self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        hidden = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(hidden)) + shortcut)


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inside = width
        for group in range(4):
            out = width * 2**group
            setattr(self, f"layer{group + 1}", nn.Sequential(Block(inside, out, 2 if group else 1), Block(out, out, 1)))
            inside = out
        self.fc = nn.Linear(inside, 10)

    def stages(self, x):
        features = [torch.relu(self.bn1(self.conv1(5 * (x - 0.5))))]
        for group in range(4):
            features.append(getattr(self, f"layer{group + 1}")(features[-1]))
        return features

    def forward(self, x):
        return self.fc(self.stages(x)[-1].mean((2, 3)))


def without_running(network, x):
    """Training mode, but the running statistics stay."""
    modules = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = [(module.running_mean, module.running_var) for module in modules]
    for module in modules:
        module.running_mean, module.running_var = module.running_mean.clone(), module.running_var.clone()
    features = network.stages(x)
    for module, (mean, variance) in zip(modules, kept):
        module.running_mean, module.running_var = mean, variance
    return features


ours = parity.dump()
network = ResNet18(16)
start = {name[6:]: value for name, value in ours.items() if name.startswith("start.")}
missing, unexpected = network.load_state_dict(start, strict=False)
assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
logits_of_stages = ours["stage_logits"].clone().requires_grad_(True)
first, second = torch.tensor([0, 1, 2]), torch.tensor([1, 3, 0])

network.train()
means = [f.mean((0, 2, 3)).detach() for f in without_running(network, ours["stimuli"].flip(0))]
task = nn.functional.cross_entropy(network(ours["images"]), ours["labels"])
cosines = []
for k, features in enumerate(without_running(network, ours["stimuli"])):
    means[k] = 0.9 * means[k] + 0.1 * features.mean((0, 2, 3)).detach()
    flat = (features - means[k][:, None, None]).flatten(1)
    cosines.append(nn.functional.cosine_similarity(flat[first], flat[second]))
found = (torch.stack(cosines, 1) * torch.softmax(logits_of_stages, 0)).sum(1)
limit = 1 - 1e-5
gap = torch.atanh(found.clamp(-limit, limit)) - torch.atanh(ours["target"].clamp(-limit, limit))
loss = task + 20 * gap.pow(2).mean()
loss.backward()

parity.same("task loss", ours["task"], task)
parity.same("similarity", ours["similarity"], found, 1e-4)
parity.same("joint loss", ours["loss"], loss, 1e-4)
for name, parameter in network.named_parameters():
    parity.same(f"gradient of {name}", ours["gradient." + name], parameter.grad, 1e-3)
parity.same("gradient of the stage logits", ours["gradient.stage_logits"], logits_of_stages.grad, 1e-4)
for name, buffer in network.named_buffers():
    if "running" in name:
        parity.same(name, ours["end." + name], buffer)
network.eval()
parity.same("logits in evaluation mode", ours["logits"], network(ours["images"]), 1e-4)
parity.finish()
