"""Whether initial tensors follow the law of PEFT's: equal, but for signs, or of one spread."""

from __future__ import annotations

import math
import re

import torch

LAYER = re.compile(r"\.layers\.\d+\.")


def assert_same_law(ours: dict[str, torch.Tensor], draws: list[dict[str, torch.Tensor]]) -> None:
    """draws: PEFT's tensors by several seeds. Where all of them are equal, ours must equal them;
    elsewhere mean, spread and fourth moment of all layers' together must be within chance."""
    drawn: dict[str, tuple[list, list]] = {}
    for key, mine in ours.items():
        theirs = torch.stack([draw[key].float() for draw in draws])
        assert mine.shape == theirs.shape[1:], f"{key}: {mine.shape} and {theirs.shape[1:]}"
        if bool((theirs == theirs[0]).all()):
            assert torch.allclose(mine, theirs[0], rtol=1e-5, atol=1e-6), key
        else:
            kind = drawn.setdefault(LAYER.sub(".", key), ([], []))
            kind[0].append(mine.flatten() / theirs.std())
            kind[1].append(theirs.flatten() / theirs.std())
    for kind, (mine, theirs) in drawn.items():
        assert_same_moments(kind, torch.cat(mine).double(), torch.cat(theirs).double())


def assert_same_moments(kind: str, ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Within five standard errors of means of x, x² and x⁴."""
    for power in (1, 2, 4):
        a, b = ours**power, theirs**power
        error = math.sqrt(float(a.var() / len(a) + b.var() / len(b)))
        apart = abs(float(a.mean() - b.mean()))
        assert apart <= 5 * error, (
            f"{kind}: mean of x^{power} is {float(a.mean()):.4f} and {float(b.mean()):.4f} in PEFT "
            f"({apart / error:.1f} standard errors)"
        )
    assert len(torch.unique(ours)) > len(ours) // 2, f"{kind}: values repeat"


def assert_same_but_signs(a: torch.Tensor, b: torch.Tensor, their_a, their_b) -> None:
    """Rows of A and columns of B, which change their signs together."""
    signs = torch.sign((a * their_a).sum(1))
    bound = 1e-3 * float(max(their_a.abs().max(), their_b.abs().max()))
    assert float((signs[:, None] * a - their_a).abs().max()) < bound
    assert float((b * signs - their_b).abs().max()) < bound
