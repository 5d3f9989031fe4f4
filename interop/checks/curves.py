"""Comparison of curves and of weights."""

from __future__ import annotations

import torch


def assert_steps_once(lines: list[dict], count: int) -> None:
    steps = [line["step"] for line in lines]
    assert steps == list(range(1, count + 1)), f"steps are {steps}"


def assert_same_curve(ours: list[dict], theirs: list[dict], relative: float, fields=None) -> float:
    """Each field of each step within a relative distance; answers the largest distance."""
    assert len(ours) == len(theirs), f"{len(ours)} steps and {len(theirs)}"
    worst = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        for field, bound in (fields or {"loss": relative}).items():
            distance = abs(mine[field] - other[field]) / max(abs(other[field]), 1e-12)
            if other[field] == 0:
                distance = abs(mine[field])
            worst = max(worst, distance)
            assert distance <= bound, (
                f"step {mine['step']}: {field} {mine[field]!r} and {other[field]!r} "
                f"differ by {distance:.2e} (bound {bound})"
            )
    return worst


def assert_same_weights(ours: dict, theirs: dict, absolute=1e-5, relative=1e-4) -> float:
    """|d| <= absolute + relative * |w| for each element of each tensor."""
    assert set(ours) == set(theirs), f"names differ: {sorted(set(ours) ^ set(theirs))}"
    worst = 0.0
    for name, mine in ours.items():
        other = theirs[name]
        assert mine.shape == other.shape, f"{name}: {tuple(mine.shape)}, {tuple(other.shape)}"
        distance = (mine.float() - other.float()).abs()
        worst = max(worst, float(distance.max()))
        outside = distance > absolute + relative * other.float().abs()
        assert not bool(outside.any()), (
            f"{name}: {int(outside.sum())} elements differ, by {float(distance.max()):.2e} at most"
        )
    return worst


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().numpy().tobytes()
