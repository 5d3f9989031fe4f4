"""Training some of the base's own weights: biases alone, or some layers or modules.

BitFit: Ben Zaken et al., 2021, arXiv 2106.10199.
"""

from __future__ import annotations

import re

from torch import nn


def train_biases(model) -> dict[str, nn.Parameter]:
    """Every bias of the model and nothing else."""
    return _train(model, lambda name: name.endswith(".bias"))


def train_layers(
    model, layers: int, modules: str = "all", extra: tuple[str, ...] = ()
) -> dict[str, nn.Parameter]:
    """The last layers, the first ones where the number is negative; all of them or the modules
    whose names stand, parted by commas, in modules; extra modules outside the layers."""
    count = model.config.num_hidden_layers
    chosen = range(count - layers, count) if layers > 0 else range(-layers)
    wanted = None if modules == "all" else set(modules.split(","))

    def takes(name: str) -> bool:
        layer = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", name)
        if layer is None:
            return any(part in extra for part in name.split("."))
        inside = wanted is None or not wanted.isdisjoint(layer[2].split("."))
        return int(layer[1]) in chosen and inside

    return _train(model, takes)


def train_matching(model, pattern: str) -> dict[str, nn.Parameter]:
    """Parameters in whose names a regular expression is found."""
    return _train(model, lambda name: re.search(pattern, name) is not None)


def _train(model, takes) -> dict[str, nn.Parameter]:
    trained = {}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(takes(name))
        if parameter.requires_grad:
            trained[name] = parameter
    return trained
