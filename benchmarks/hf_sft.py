"""The peers of sft: Hugging Face Trainer with padding, TRL's SFTTrainer with packing.

Usage: hf_sft.py padding|packing|check MODEL ADAPTER ROWS STEPS BATCH THREADS LENGTH
Prints seconds, losses and real tokens of each step as JSON; `check` compares TRL's packed loss with
the unpacked one. No data workers, no autocast, SDPA attention: their fastest honest forms.
"""

from __future__ import annotations

import json
import sys
import tempfile

import datasets
import torch
from hf_step import InOrder, StepClock, load, result, settings
from transformers import AutoTokenizer, DataCollatorForSeq2Seq, TrainingArguments

SEED = 7
CHECKED_ROWS = 3
EQUAL = 1e-3


def pack(rows: datasets.Dataset, length: int) -> datasets.Dataset:
    from trl import pack_dataset

    return pack_dataset(rows, length, "bfd")


def visits(count: int) -> list[int]:
    """The order in which packed rows are visited: bfd leaves them sorted."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(SEED)).tolist()


def tokens(rows: datasets.Dataset, order, steps: int, batch: int) -> list[int]:
    lengths = [len(rows[i]["input_ids"]) for i in list(order)[: steps * batch]]
    return [sum(lengths[i * batch : (i + 1) * batch]) for i in range(steps)]


def padding(model, tokenizer, rows, steps: int, batch: int) -> None:
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = InOrder(
            model=model,
            args=TrainingArguments(**settings(folder, steps, batch)),
            train_dataset=rows,
            data_collator=DataCollatorForSeq2Seq(tokenizer),
            callbacks=[clock],
        )
        trainer.train()
    result(trainer, clock, tokens=tokens(rows, range(len(rows)), steps, batch))


def sft_trainer(model, tokenizer, rows, folder: str, steps: int, batch: int, length: int):
    from trl import SFTConfig, SFTTrainer

    class Visiting(SFTTrainer):
        def _get_train_sampler(self, *args, **kwargs):
            return visits(len(self.train_dataset))

    arguments = SFTConfig(
        **settings(folder, steps, batch),
        packing=True,
        packing_strategy="bfd",
        max_length=length,
        bf16=False,
        gradient_checkpointing=False,
    )
    return Visiting(model=model, args=arguments, train_dataset=rows, processing_class=tokenizer)


def packing(model, tokenizer, rows, steps: int, batch: int, length: int) -> None:
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = sft_trainer(model, tokenizer, rows, folder, steps, batch, length)
        trainer.add_callback(clock)
        trainer.train()
        packed = trainer.train_dataset
        done = tokens(packed, visits(len(packed)), steps, batch)
    result(trainer, clock, tokens=done)


def check(model, tokenizer, rows, length: int) -> None:
    """Losses token by token in eval: a random model's mean hardly depends on what it attends to."""
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        trainer = sft_trainer(model, tokenizer, rows, folder, 1, 1, length)
        model = trainer.model.eval()
        packed, alone, across = [], [], []
        fullest = sorted(trainer.train_dataset, key=lambda row: -len(row["seq_lengths"]))
        for row in fullest[:CHECKED_ROWS]:
            inputs = trainer.data_collator([row])
            labels = inputs.pop("labels")[0]
            packed += losses(model, inputs, labels)
            across += losses(model, {"input_ids": inputs["input_ids"]}, labels)
            start = 0
            for size in row["seq_lengths"]:
                part = slice(start, start + size)
                sample = {"input_ids": inputs["input_ids"][:, part]}
                alone += losses(model, sample, labels[part])
                start += size
    packed, alone, across = map(torch.tensor, (packed, alone, across))
    apart = (packed - alone).abs().max().item()
    mean = abs(packed.mean() - alone.mean()).item() / alone.mean().item()
    found = {
        "equal": apart < EQUAL,
        "largest_difference_of_a_token": apart,
        "relative_difference_of_the_mean": mean,
        "targets": len(alone),
        "largest_difference_if_samples_attend_to_each_other": (across - alone).abs().max().item(),
    }
    print("RESULT " + json.dumps(found))


def losses(model, inputs: dict, labels: torch.Tensor) -> list[float]:
    """Of the targets of one row; a sample's first token is none."""
    logits = model(**inputs, use_cache=False).logits[0, :-1].float()
    every = torch.nn.functional.cross_entropy(
        logits, labels[1:], ignore_index=-100, reduction="none"
    )
    return every[labels[1:] != -100].tolist()


def main() -> None:
    party, model_path, adapter, folder, steps, batch, threads, length = sys.argv[1:9]
    torch.set_num_threads(int(threads))
    model = load(model_path, adapter)
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    rows = datasets.load_from_disk(folder)
    if party == "padding":
        padding(model, tokenizer, rows, int(steps), int(batch))
    elif party == "packing":
        packing(model, tokenizer, rows, int(steps), int(batch), int(length))
    else:
        check(model, tokenizer, rows, int(length))


if __name__ == "__main__":
    main()
