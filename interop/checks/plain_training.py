"""The Trainer's arithmetic as a plain loop, for what has to be done between its lines."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from parity_rows import IGNORE, row_logits
from parity_training import SETTINGS
from transformers import get_cosine_schedule_with_warmup

NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")


def windows(rows: list[dict], count: int) -> list[list[dict]]:
    """The rows of each step, in order; the last window of an epoch holds what is left."""
    size = SETTINGS["per_device_train_batch_size"] * SETTINGS["gradient_accumulation_steps"]
    epoch = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [epoch[step % len(epoch)] for step in range(count)]


def adamw(model, settings: dict) -> torch.optim.Optimizer:
    """AdamW with the Trainer's groups: no decay of biases and norms."""
    groups: dict[bool, list] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[NO_DECAY.search(name.lower()) is None].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": settings["weight_decay"]},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=settings["learning_rate"],
        betas=(settings["adam_beta1"], settings["adam_beta2"]),
        eps=settings["adam_epsilon"],
    )


def row_loss(model, row: dict) -> tuple[torch.Tensor, int]:
    """Sum of the negative log likelihoods in fp64, and their number.

    Virtual tokens have no labels, but the last of them predicts the row's first token.
    """
    logits = row_logits(model, row)
    virtual = len(logits) - len(row["labels"])
    labels = torch.tensor([IGNORE] * virtual + row["labels"])[1:]
    nll = torch.nn.functional.cross_entropy(
        logits[:-1].double(), labels, ignore_index=IGNORE, reduction="sum"
    )
    return nll, int((labels != IGNORE).sum())


def window_curve(
    model,
    rows: list[dict],
    overrides: dict | None = None,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    penalty: Callable | None = None,
    after_step: Callable | None = None,
) -> list[dict]:
    """Trains in place: mean over the targets of a window, plus the penalty once, clipped, AdamW.

    optimizer: AdamW with the Trainer's groups where none is given.
    after_step(model, step from 0) sees the clipped gradients and the new values.
    """
    settings = {**SETTINGS, **(overrides or {})}
    optimizer = optimizer or adamw(model, settings)
    trained = [p for p in model.parameters() if p.requires_grad]
    schedule = get_cosine_schedule_with_warmup(
        optimizer, settings["warmup_steps"], settings["max_steps"]
    )
    steps = []
    for step, window in enumerate(windows(rows, settings["max_steps"])):
        optimizer.zero_grad()
        losses = [row_loss(model, row) for row in window]
        loss = sum(nll for nll, _count in losses) / sum(count for _nll, count in losses)
        if penalty is not None:
            loss = loss + penalty(model)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, settings["max_grad_norm"])
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        if after_step is not None:
            after_step(model, step)
        steps.append(
            {
                "step": step + 1,
                "loss": float(loss),
                "grad_norm": float(norm),
                "learning_rate": rate,
            }
        )
    return steps
