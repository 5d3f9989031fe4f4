"""The peer of step: Hugging Face Trainer, with PEFT for LoRA, each step's seconds as JSON.

Usage: hf_step.py MODEL ADAPTER ROWS STEPS BATCH THREADS
ADAPTER: a folder, or "none" for full tuning.
No data workers, no autocast, SDPA attention, no logging but the loss: its fastest honest form.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

import datasets
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments


class StepClock(TrainerCallback):
    """Wall seconds from the begin of a step to its end, optimizer included."""

    def __init__(self):
        self.seconds: list[float] = []
        self.start = 0.0

    def on_step_begin(self, args, state, control, **kwargs):
        self.start = time.perf_counter()

    def on_step_end(self, args, state, control, **kwargs):
        self.seconds.append(time.perf_counter() - self.start)


class InOrder(Trainer):
    def _get_train_sampler(self, *args, **kwargs):
        return torch.utils.data.SequentialSampler(self.train_dataset)


def collate(rows: list[dict]) -> dict:
    """Rows of one length: nothing to pad, no mask to apply."""
    ids = torch.tensor([row["input_ids"] for row in rows])
    return {"input_ids": ids, "labels": ids.clone()}


def load(model_path: str, adapter: str):
    base = AutoModelForCausalLM.from_pretrained(
        model_path, dtype=torch.float32, attn_implementation="sdpa"
    )
    if adapter == "none":
        return base
    return PeftModel.from_pretrained(base, adapter, is_trainable=True)


def settings(folder: str, steps: int, batch: int) -> dict:
    """Of TrainingArguments, for every peer that is a Trainer."""
    return {
        "output_dir": folder,
        "max_steps": steps,
        "per_device_train_batch_size": batch,
        "learning_rate": 1e-4,
        "lr_scheduler_type": "constant",
        "max_grad_norm": 1.0,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_num_workers": 0,
        "optim": "adamw_torch_fused",
        # where torchrun starts several; every parameter is used
        "ddp_backend": "gloo" if "RANK" in os.environ else None,
        "ddp_find_unused_parameters": False,
    }


def result(trainer: Trainer, clock: StepClock, **more) -> None:
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    print("RESULT " + json.dumps({"seconds": clock.seconds, "losses": losses, **more}))


def main() -> None:
    model_path, adapter, rows, steps, batch, threads = sys.argv[1:7]
    torch.set_num_threads(int(threads))
    model = load(model_path, adapter)
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = InOrder(
            model=model,
            args=TrainingArguments(**settings(folder, int(steps), int(batch))),
            train_dataset=datasets.load_from_disk(rows),
            data_collator=collate,
            callbacks=[clock],
        )
        trainer.train()
    result(trainer, clock)


if __name__ == "__main__":
    main()
