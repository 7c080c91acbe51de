#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same attacks in PyTorch: peer_attacks.py NAME MODE WIDTH SECONDS prints {"seconds": [...]}, of one step of one image.

Written from the papers, whole batches at a time; MODE as in peer_pytorch.py. For `boundary` the default is one image at a
time, as the tools have it; its best is batched.
"""
import json
import math
import os
import sys
import time

import torch
from peer_pytorch import ResNet18, batch
from torch.nn import functional


def each(values):
    return values.view(-1, 1, 1, 1)


def prepare(width, count, channels_last, best):
    torch.manual_seed(0)
    model = ResNet18(width).eval()
    images = 0.3 + 0.4 * batch(count, 32, 32, channels_last)
    if best:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        if channels_last:
            model = model.to(memory_format=torch.channels_last)
    with torch.no_grad():
        model.fc.bias -= model(images[:64]).mean(0)
        labels = model(images).argmax(1)
    return model, images, labels


def differentiate(model, x, loss_of):
    x = x.detach().requires_grad_(True)
    logits = model(x)
    loss = loss_of(logits)
    gradient, = torch.autograd.grad(loss.sum(), x)
    return logits.detach(), loss.detach(), gradient


def apgd(model, images, labels, steps=20, epsilon=1e-7, rho=0.75):
    def entropy(z):
        return functional.cross_entropy(z, labels, reduction="none")

    def project(x):
        return torch.min(torch.max(x, images - epsilon), images + epsilon).clamp_(0, 1)

    count = len(images)
    point = project(images + epsilon * (2 * torch.rand_like(images) - 1).sign())
    _, loss, gradient = differentiate(model, point, entropy)
    best, best_loss, best_gradient, previous = point, loss, gradient, point
    step, rises, halved, at_check = torch.full((count,), 2 * epsilon), torch.zeros(count), torch.ones(count, dtype=bool), loss
    interval, since, last = max(22 * steps // 100, 1), 0, loss
    for k in range(steps):
        share = 1 if k == 0 else 0.75
        ahead = project(point + each(step) * gradient.sign())
        previous, point = point, project(point + share * (ahead - point) + (1 - share) * (point - previous))
        _, loss, gradient = differentiate(model, point, entropy)
        rises += loss > last
        last, better = loss, loss > best_loss
        best_loss = torch.where(better, loss, best_loss)
        best = torch.where(each(better), point, best)
        best_gradient = torch.where(each(better), gradient, best_gradient)
        since += 1
        if since == interval:
            halved = (rises <= rho * interval) | (~halved & (at_check >= best_loss))
            at_check = best_loss
            step = torch.where(halved, step / 2, step)
            point = torch.where(each(halved), best, point)
            gradient = torch.where(each(halved), best_gradient, gradient)
            rises.zero_()
            interval, since = max(interval - max(3 * steps // 100, 1), max(6 * steps // 100, 1)), 0


def fmn(model, images, labels, steps=20, first_gamma=0.05):
    def margin(z):
        own = z.gather(1, labels[:, None])[:, 0]
        return own - z.scatter(1, labels[:, None], -math.inf).max(1).values

    def anneal(first, end, share):
        return end + (first - end) * (1 + math.cos(math.pi * share)) / 2

    offset, smallest = torch.zeros_like(images), torch.full((len(images),), math.inf)
    radius, side = torch.full((len(images),), math.inf), math.sqrt(images[0].numel())
    for k in range(steps):
        share, gamma = k / steps, anneal(first_gamma, 0.001, k / steps)
        logits, loss, gradient = differentiate(model, images + offset, margin)
        fooled, flat = logits.argmax(1) != labels, gradient.flatten(1)
        size = offset.flatten(1).abs().max(1).values
        smallest = torch.where(fooled, torch.minimum(smallest, size), smallest)
        aimed = (1 + gamma) * (size + loss.abs() / flat.abs().sum(1).clamp_min(1e-12))
        searching = torch.where(smallest.isfinite(), radius * (1 + gamma), aimed)
        radius = torch.where(fooled, torch.minimum(radius * (1 - gamma), smallest), searching).clamp_max(1)
        length = (radius * side).clamp_max(1) * anneal(1, 0.01, share)
        moved = offset - each(length) * gradient / each(flat.norm(dim=1).clamp_min(1e-12))
        offset = (images + torch.max(torch.min(moved, each(radius)), -each(radius))).clamp(0, 1) - images


def boundary(model, images, labels, starts, steps=25, check_every=10):
    shape, best = (len(images), -1), starts.clone()
    spherical, source = torch.full((len(images),), 0.01), torch.full((len(images),), 0.01)
    for step in range(1, steps + 1):
        away = (images - best).reshape(shape)
        distance = away.norm(dim=1, keepdim=True)
        unit = away / distance
        noise = torch.randn_like(away)
        noise -= (noise * unit).sum(1, keepdim=True) * unit
        noise *= spherical[:, None] * distance / noise.norm(dim=1, keepdim=True)
        on_sphere = images.reshape(shape) + (noise - away) / (1 + spherical[:, None] ** 2).sqrt()
        on_sphere = on_sphere.clamp(0, 1)
        inwards = images.reshape(shape) - on_sphere
        left = inwards.norm(dim=1, keepdim=True)
        share = (source[:, None] * distance + left - distance).clamp_min(0) / left
        candidates = (on_sphere + share * inwards).clamp(0, 1).view_as(images)
        fooled = model(candidates).argmax(1) != labels
        closer = fooled & ((candidates - images).flatten(1).norm(dim=1) < distance[:, 0])
        best = torch.where(each(closer), candidates, best)
        if step % check_every == 0:
            kept = (model(on_sphere.view_as(images)).argmax(1) != labels).float()
            spherical, source = spherical * (1 + 0.01 * kept), source * (1 + 0.01 * fooled.float())


def other_images(images, labels):
    """For each image another one with another label."""
    order = [next(j % len(labels) for j in range(i + 1, i + len(labels)) if labels[j % len(labels)] != labels[i])
             for i in range(len(labels))]
    return images[order]


def make(name, best, width, channels_last):
    """What to run, and how many steps of one image it takes."""
    if name != "boundary":
        model, images, labels = prepare(width, 64, channels_last, best)
        attack = {"apgd": apgd, "fmn": fmn}[name]
        return lambda: attack(model, images, labels), 64 * 20
    count = 1000 if best else 10
    model, images, labels = prepare(width, 100, channels_last, best)
    starts = other_images(images, labels)
    if best:
        images, labels, starts = images.repeat(10, 1, 1, 1), labels.repeat(10), starts.repeat(10, 1, 1, 1)
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))

    def run():
        with torch.no_grad():
            if best:
                return boundary(model, images, labels, starts)
            for i in range(count):
                boundary(model, images[i:i + 1], labels[i:i + 1], starts[i:i + 1])

    return run, count * 25


def timed(run, image_steps, seconds):
    run()
    times, start = [], time.perf_counter()
    while len(times) < 2 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        run()
        times.append((time.perf_counter() - before) / image_steps)
    return times


def main():
    name, mode, width, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    ways = (True, False) if mode == "best" else (False,)
    found = [timed(*make(name, mode == "best", width, last), seconds / len(ways)) for last in ways]
    print(json.dumps({"seconds": min(found, key=lambda times: sorted(times)[len(times) // 2])}))


main()
