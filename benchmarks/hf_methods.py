"""The peer of methods-speed: Hugging Face Trainer with PEFT, one process for many methods.

Usage: hf_methods.py THREADS
A line of standard input is a request, JSON: model, rows, steps, batch, method and its fields; its
answer is one line of JSON behind the word RESULT. Settings as in hf_step: its fastest honest form.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from pathlib import Path

import datasets
import peft
import torch
from hf_step import InOrder, StepClock, collate, load, settings
from process_memory import peak_mb, restart_peak, trim
from transformers import TrainerCallback, TrainingArguments

sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "interop"))

from references.base_weights import train_biases, train_layers  # noqa: E402


class Allocation(TrainerCallback):
    """What PEFT asks a loop to do for AdaLoRA, with the gradients of the step still there."""

    def __init__(self, model):
        self.model = model

    def on_optimizer_step(self, args, state, control, **kwargs):
        self.model.base_model.update_and_allocate(state.global_step)


def adapted(base, request: dict):
    """The model as the method trains it."""
    method, fields = request["method"], request["fields"]
    if not method.endswith("Config"):
        return unfrozen(base, method)
    sizes = {
        "hidden_size": base.config.hidden_size,
        "keys_size": base.config.hidden_size
        // base.config.num_attention_heads
        * base.config.num_key_value_heads,
        "STEPS": request["steps"],
    }
    named = {
        key: sizes.get(value, value) if isinstance(value, str) else value
        for key, value in fields.items()
    }
    config = getattr(peft, method)(task_type="CAUSAL_LM", **named)
    return peft.get_peft_model(base, config)


def unfrozen(base, method: str):
    """Whole weights: all, the last two layers, or the biases."""
    if method == "freeze":
        train_layers(base, 2)
    elif method == "bitfit":
        train_biases(base)
    return base


def answer(request: dict) -> dict:
    trim()
    restart_peak()
    model = adapted(load(request["model"], "none"), request)
    clock = StepClock()
    callbacks = [clock]
    if request["method"] == "AdaLoraConfig":
        callbacks.insert(0, Allocation(model))
    with tempfile.TemporaryDirectory() as folder:
        trainer = InOrder(
            model=model,
            args=TrainingArguments(**settings(folder, request["steps"], request["batch"])),
            train_dataset=datasets.load_from_disk(request["rows"]),
            data_collator=collate,
            callbacks=callbacks,
        )
        trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    found = {"seconds": clock.seconds, "losses": losses, "trained_parameters": trained}
    return {**found, "peak_mb": peak_mb()}


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    for line in sys.stdin:
        print("RESULT " + json.dumps(answer(json.loads(line))), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
