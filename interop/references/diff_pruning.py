"""Diff pruning (Guo, Rush, Kim, 2020, arXiv 2012.07463): a sparse difference for each weight.

theta = theta_pretrained + z * w, the gate z a hard-concrete variable (Louizos et al., 2017,
arXiv 1712.01312) of its location alpha: s = sigmoid(log u - log(1 - u) + alpha), stretched to
(l, r) = (-1.5, 1.5) and cut to [0, 1]. The penalty is the expected number of gates above 0,
sum of sigmoid(alpha - log(-l / r)). Structured: the gate of an element is its own times its
group's, one group a tensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.func import functional_call

LEFT, RIGHT = -1.5, 1.5
SHIFT = math.log(-LEFT / RIGHT)


def gate(alpha: torch.Tensor, u: torch.Tensor | None) -> torch.Tensor:
    """z in [0, 1]; without u the gate that its location gives."""
    noise = 0.0 if u is None else torch.log(u) - torch.log1p(-u)
    return (torch.sigmoid(noise + alpha) * (RIGHT - LEFT) + LEFT).clamp(0.0, 1.0)


def open_probability(alpha: torch.Tensor) -> torch.Tensor:
    """P(z > 0)."""
    return torch.sigmoid(alpha - SHIFT)


@dataclass
class Difference:
    """What is trained of one base weight; group is absent where gates are not structured."""

    w: nn.Parameter
    alpha: nn.Parameter
    group: nn.Parameter | None

    def value(self, u: torch.Tensor | None = None, group_u: torch.Tensor | None = None):
        z = gate(self.alpha, u)
        if self.group is not None:
            z = z * gate(self.group, group_u)
        return z * self.w

    def penalty(self) -> torch.Tensor:
        probability = open_probability(self.alpha)
        if self.group is not None:
            probability = probability * open_probability(self.group)
        return probability.sum()


class DiffPruned(nn.Module):
    """A model of transformers whose chosen weights have a difference each; the base is frozen."""

    def __init__(self, model, names: list[str], *, structured: bool = False, alpha: float = 5.0):
        super().__init__()
        self.model = model.requires_grad_(False)
        self.base = dict(model.named_parameters())
        self.differences: dict[str, Difference] = {}
        for index, name in enumerate(names):
            shape = self.base[name].shape
            group = nn.Parameter(torch.tensor(alpha)) if structured else None
            made = Difference(
                nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.full(shape, alpha)), group
            )
            for kind in ("w", "alpha", "group"):
                self.register_parameter(f"{kind}_{index}", getattr(made, kind))
            self.differences[name] = made

    def forward(self, noise: dict[str, torch.Tensor] | None = None, **inputs):
        """noise: u of each name; a structured group's under the name and ".group"."""
        u = noise or {}
        weights = {
            name: self.base[name] + made.value(u.get(name), u.get(f"{name}.group"))
            for name, made in self.differences.items()
        }
        return functional_call(self.model, weights, kwargs=inputs, tie_weights=True)

    def penalty(self) -> torch.Tensor:
        """Expected number of elements that differ from the base."""
        return sum(made.penalty() for made in self.differences.values())

    def sparse(self, share: float | None = None) -> dict[str, torch.Tensor]:
        """The differences without noise; of all elements at most a share, the largest ones."""
        with torch.no_grad():
            found = {name: made.value() for name, made in self.differences.items()}
            if share is None:
                return found
            sizes = torch.cat([value.abs().flatten() for value in found.values()])
            keep = int(share * len(sizes))
            bound = sizes.kthvalue(len(sizes) - keep).values if keep < len(sizes) else -1.0
            return {n: torch.where(v.abs() > bound, v, 0.0) for n, v in found.items()}
