# SPDX-License-Identifier: Apache-2.0
"""The encoding model, its loss and Adam, written anew with torch.nn."""

import math

import parity
import torch
from torch import nn

CHANNELS, LAYERS, NEURONS = 3, 3, 5


class Core(nn.Module):
    def __init__(self):
        super().__init__()
        for layer in range(LAYERS):
            inside, kernel = (1, 5) if layer == 0 else (layer * CHANNELS, 3)
            setattr(self, f"conv{layer}", nn.Conv2d(inside, CHANNELS, kernel, padding="same", bias=False))
            setattr(self, f"norm{layer}", nn.BatchNorm2d(CHANNELS))

    def forward(self, x):
        seen = []
        for layer in range(LAYERS):
            x = getattr(self, f"conv{layer}")(torch.cat(seen, 1) if seen else x)
            seen.append(nn.functional.elu(getattr(self, f"norm{layer}")(x)))
        return torch.cat(seen, 1)


class Readout(nn.Module):
    """Bilinear reading written out: four pixels around each point, those outside count as zero."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(NEURONS, 2))
        self.weights = nn.Parameter(torch.zeros(NEURONS, LAYERS * CHANNELS))

    def forward(self, features, shift):
        n, _, height, width = features.shape
        places = self.positions[None] + shift[:, None]
        x = (places[..., 0] + 1) / 2 * (width - 1)
        y = (places[..., 1] + 1) / 2 * (height - 1)
        read, trial = 0, torch.arange(n)[:, None]
        for row in (y.detach().floor(), y.detach().floor() + 1):
            for column in (x.detach().floor(), x.detach().floor() + 1):
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                share = (1 - (y - row).abs()) * (1 - (x - column).abs()) * inside
                pixel = features[trial, :, row.long().clamp(0, height - 1), column.long().clamp(0, width - 1)]
                read = read + share[..., None] * pixel  # [trial, neuron, feature]
        return (read * self.weights).sum(2)


class Shifter(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def forward(self, pupil):
        for layer in (self.first, self.second, self.third):
            pupil = torch.tanh(layer(pupil))
        return pupil


class Modulator(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.gain = nn.Linear(3, 16), nn.Linear(16, NEURONS)

    def forward(self, behavior):
        return nn.functional.elu(self.gain(torch.relu(self.hidden(behavior)))) + 1


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.core, self.readout, self.shifter, self.modulator = Core(), Readout(), Shifter(), Modulator()
        self.bias = nn.Parameter(torch.zeros(NEURONS))

    def forward(self, images, behavior, pupil):
        """Everything standardized already."""
        drive = self.readout(self.core(images), self.shifter(pupil)) * self.modulator(behavior)
        return nn.functional.elu(drive + self.bias) + 1

    def penalties(self):
        w = nn.functional.pad(self.core.conv0.weight, (1, 1, 1, 1))
        middle = w[..., 1:-1, 1:-1]
        rough = 4 * middle - w[..., :-2, 1:-1] - w[..., 2:, 1:-1] - w[..., 1:-1, :-2] - w[..., 1:-1, 2:]
        return (rough**2).sum(), self.readout.weights.abs().sum()


def standardized(x):
    return (x - x.mean(0)) / x.std(0, unbiased=False)


ours = parity.dump()
start = {name[6:]: value for name, value in ours.items() if name.startswith("start.")}
scales = [name for name in start if name.endswith(("_mean", "_scale")) and "running" not in name]
constants = {name: start.pop(name) for name in scales}
encoder = Encoder()
missing, unexpected = encoder.load_state_dict(start, strict=False)
assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)

pixels, recorded = ours["images"], ours["recorded"]
deviation = recorded.std(0, unbiased=False)
assert (deviation < 0.01 * deviation.mean()).sum() == 1, "one neuron is to be all but silent"
response_scale = torch.where(deviation > 0.01 * deviation.mean(), deviation, 0.01 * deviation.mean())
parity.same("response scale", constants["response_scale"], response_scale)
images = (pixels - pixels.mean()) / pixels.std(unbiased=False)
behavior, pupil = standardized(ours["behavior"]), standardized(ours["pupil_center"])

encoder.train()
adam = torch.optim.Adam(encoder.parameters(), lr=0.01)
for step in range(4):
    adam.zero_grad()
    predicted = encoder(images, behavior, pupil)
    poisson = nn.PoissonNLLLoss(log_input=False, full=False, reduction="sum", eps=1e-8)(
        predicted, recorded / response_scale
    )
    laplace, sparsity = encoder.penalties()
    loss = math.sqrt(100 / 7) * poisson + 0.7 * laplace + 1.3 * sparsity
    loss.backward()
    if step == 0:
        parity.same("responses in training mode", ours["predicted"], predicted)
        parity.same("Poisson loss", ours["poisson"], poisson)
        parity.same("loss with penalties", ours["loss"], loss)
        # Sums of many float32 terms in another order: 1e-5 of the largest entry.
        for name, parameter in encoder.named_parameters():
            assert parameter.grad.abs().max() > 0, name
            parity.same(f"gradient of {name}", ours["gradient." + name], parameter.grad, 1e-5)
        for name, buffer in encoder.named_buffers():
            if "running" in name:
                parity.same(name, ours["stepless." + name], buffer)
    adam.step()
# Adam divides gradients by their own size, so that rounding of small ones could reach the weights.
for name, parameter in encoder.named_parameters():
    parity.same(f"{name} after four steps", ours["end." + name], parameter, 1e-4)
encoder.eval()
parity.same("responses in evaluation mode", ours["evaluated"], encoder(images, behavior, pupil), 1e-4)
neutral = encoder(images, torch.zeros(7, 3), torch.zeros(7, 2)) * response_scale
parity.same("denoised responses", ours["denoised"], neutral, 1e-4)
assert (ours["denoised"] / response_scale - ours["evaluated"]).abs().max() > 0.01, "conditions must matter"


def stacked(prefix):
    """The separable core and the Gaussian readout of two scales, by hand; grid_sample reads."""
    names = [name[len(prefix) + 6:] for name in ours if name.startswith(prefix + "start.")]
    p = {name: ours[f"{prefix}start.{name}"].clone().requires_grad_("running" not in name) for name in names}
    x = nn.functional.conv2d(pixels, p["core.conv0.weight"], stride=2, padding=2)
    for layer in range(3):
        if layer:
            x = nn.functional.conv2d(x, p[f"core.in{layer}.weight"])
            x = nn.functional.conv2d(x, p[f"core.spatial{layer}.weight"], padding=1, groups=4)
            x = nn.functional.conv2d(x, p[f"core.out{layer}.weight"])
        norm = f"core.norm{layer}."
        x = nn.functional.elu(nn.functional.batch_norm(x, None, None, p[norm + "weight"], p[norm + "bias"], True))
    if prefix == "cortex.":
        um = ours[prefix + "um"][:, :2]
        centred = um - um.mean(0)
        parity.same("coordinates", p["readout.cortex.coordinates"], centred / centred.abs().max())
        hidden = nn.functional.elu(nn.functional.linear(
            centred / centred.abs().max(), p["readout.cortex.hidden.weight"], p["readout.cortex.hidden.bias"]))
        means = torch.tanh(nn.functional.linear(hidden, p["readout.cortex.place.weight"], p["readout.cortex.place.bias"]))
    else:
        means = p["readout.positions"]
    drawn = torch.einsum("aij,naj->nai", p["readout.spread"], ours[prefix + "noise"])
    places = (means + drawn).clamp(-1, 1)[:, :, None]
    read = 0
    for scale, weights in enumerate(p["readout.weights"].split(4, 1)):
        features = nn.functional.avg_pool2d(x, 2) if scale else x
        sampled = nn.functional.grid_sample(features, places, align_corners=True)[..., 0]
        read = read + torch.einsum("nca,ac->na", sampled, weights)
    predicted = nn.functional.elu(read + p["bias"]) + 1
    (predicted * ours[prefix + "mix"]).sum().backward()
    parity.same(prefix + " responses", ours[prefix + "predicted"], predicted)
    compared = 0
    for name, parameter in p.items():
        if parameter.grad is not None and f"{prefix}gradient.{name}" in ours:
            assert parameter.grad.abs().max() > 0, name
            parity.same(f"{prefix} gradient of {name}", ours[f"{prefix}gradient.{name}"], parameter.grad, 1e-5)
            compared += 1
    assert compared == sum(name.startswith(prefix + "gradient.") for name in ours)


stacked("stacked.")
stacked("cortex.")
parity.finish()
