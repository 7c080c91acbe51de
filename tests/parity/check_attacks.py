# SPDX-License-Identifier: Apache-2.0
"""Single steps of the attacks, written anew from the papers with plain torch, from the same starts."""

import parity
import torch

ours = parity.dump()
images, labels, targets, point = (ours[name] for name in ("images", "labels", "targets", "point"))
count = len(images)
everyone = torch.arange(count)


def logits_of(x):
    return torch.tanh((x.flatten(1) - 0.5) @ ours["first"].T) @ ours["second"].T


def gradient_of(loss):
    x = point.clone().requires_grad_(True)
    return torch.autograd.grad(loss(logits_of(x)).sum(), x)[0]


def each(values):
    return values.reshape(-1, 1, 1, 1)


def project(x, norm, epsilon):
    offset = x - images
    epsilon = each(torch.as_tensor(epsilon) * torch.ones(count))
    if norm == "linf":
        offset = torch.max(torch.min(offset, epsilon), -epsilon)
    else:
        offset = offset * torch.clamp(epsilon / each(offset.flatten(1).norm(dim=1)), max=1)
    return torch.clamp(images + offset, 0, 1)


def unit(gradient, norm):
    return gradient.sign() if norm == "linf" else gradient / each(gradient.flatten(1).norm(dim=1))


def margin(z):
    others = [max(z[i, k] for k in range(z.shape[1]) if k != labels[i]) for i in range(count)]
    return z[everyone, labels] - torch.stack(others)


def dlr(z):
    top = z.sort(dim=1, descending=True).values
    return -margin(z) / (top[:, 0] - top[:, 2])


def dlr_targeted(z):
    top = z.sort(dim=1, descending=True).values
    return -(z[everyone, labels] - z[everyone, targets]) / (top[:, 0] - (top[:, 2] + top[:, 3]) / 2)


z = logits_of(point)
parity.same("logits", ours["logits"], z)
parity.same("DLR", ours["dlr"], dlr(z))
parity.same("targeted DLR", ours["dlr_targeted"], dlr_targeted(z))
parity.same("margin", ours["margin"], margin(z))
parity.same("gradient of DLR", ours["dlr_gradient"], gradient_of(dlr_targeted), 1e-4)
slope = gradient_of(margin)
parity.same("gradient of the margin", ours["margin_gradient"], slope, 1e-4)

smallest, radius = ours["smallest"], ours["radius"]
for i in range(count):
    found = i < 5
    if ours["fooled"][i]:
        wanted = min(radius[i] * 0.95, smallest[i] if found else torch.inf)
    elif found:
        wanted = radius[i] * 1.05
    else:
        wanted = 1.05 * (2 * smallest[i] + 3 * radius[i])
    parity.same(f"FMN radius {i}", ours["fmn_radius"][i], torch.as_tensor(wanted).clamp(max=1.2))

for norm in ("linf", "l2"):
    entropy = gradient_of(lambda z: torch.nn.functional.cross_entropy(z, labels, reduction="none"))
    parity.same(f"PGD {norm}", ours[f"pgd_{norm}"], project(point + 0.03 * unit(entropy, norm), norm, 0.1))
    ahead = project(point + each(ours["step"]) * unit(slope, norm), norm, 0.1)
    mixed = point + 0.75 * (ahead - point) + 0.25 * (point - ours["previous"])
    parity.same(f"APGD {norm}", ours[f"apgd_{norm}"], project(mixed, norm, 0.1))
    down = point - each(ours["step"]) * unit(slope, "l2")
    parity.same(f"FMN {norm}", ours[f"fmn_{norm}"], project(down, norm, radius) - images, 1e-4)

    # DeepFool: the nearest of two linearized boundaries.
    steps = torch.zeros_like(point)
    for i in range(count):
        best = None
        for k in ours["classes"][i, 1:]:
            x = point[i : i + 1].clone().requires_grad_(True)
            f = logits_of(x)[0, k] - logits_of(x)[0, labels[i]]
            w = torch.autograd.grad(f, x)[0][0]
            size = w.abs().sum() if norm == "linf" else w.norm()
            if best is None or abs(f) / size < best[0]:
                best = (abs(f) / size, w.sign() if norm == "linf" else w / w.norm())
        steps[i] = best[0] * best[1]
    parity.same(f"DeepFool {norm}", ours[f"deepfool_{norm}"], steps, 1e-4)

    # FAB's projection onto the plane within the box: the breakpoints sorted, the segment found, the rest linear.
    least = torch.zeros_like(point)
    for i in range(count):
        w, gap = slope[i].flatten().double(), -margin(z)[i].double()
        x = point[i].flatten().double()
        room = torch.where(w * gap > 0, 1 - x, x)
        rate = torch.ones_like(w) if norm == "linf" else w.abs()
        order = (room / rate).argsort()
        level, reach = torch.tensor(0.0).double(), torch.tensor(0.0).double()
        growth = (w.abs() * rate).sum()
        for j in order:
            at = room[j] / rate[j]
            if reach + growth * (at - level) >= abs(gap):
                break
            reach, level = reach + growth * (at - level), at
            growth = growth - w[j].abs() * rate[j]
        level = level + (abs(gap) - reach) / growth
        least[i] = (torch.sign(w * gap) * torch.minimum(level * rate, room)).reshape(point[i].shape).float()
    parity.same(f"FAB projection {norm}", ours[f"least_{norm}"], least, 1e-4)

w = ours["adam_start"].clone().requires_grad_(True)
adam = torch.optim.Adam([w], lr=0.01)
for i in range(1, 4):
    w.grad = slope * (w.detach() + i)
    adam.step()
parity.same("Carlini-Wagner's Adam", ours["adam_end"], w, 1e-4)

clean, best, eta = images[0].flatten(), point[0].flatten(), ours["normals"]
away = clean - best
distance = away.norm()
eta = eta - (eta @ away) / distance * away / distance
eta = eta / eta.norm() * 0.2 * distance
sphere = torch.clamp(clean + (eta - away) / (1 + 0.2**2) ** 0.5, 0, 1)
left = (clean - sphere).norm()
inward = max(0.05 * distance + left - distance, 0) / left
parity.same("boundary step on the sphere", ours["on_sphere"].flatten(), sphere, 1e-4)
parity.same("boundary step inwards", ours["candidate"].flatten(), torch.clamp(sphere + inward * (clean - sphere), 0, 1), 1e-4)
parity.finish()
