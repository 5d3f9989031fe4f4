"""SFT on rows of very different length: ours against Hugging Face's padding and TRL's packing.

Usage: sft.py [--pairs N] [--steps N]
Parties in turns; LoRA r=8 on all linears of the shape `base` of step.py. Rows: log-normal in
length, mean about 180, up to 1024 tokens, the first 40 % of each without a loss.
  padding          Hugging Face Trainer + PEFT, DataCollatorForSeq2Seq, batch 4
  core             ours, the same batches of the same rows, without padding
  packing          TRL's SFTTrainer, packing=True, bfd, max_length 1024, SDPA, batch 1
  core packed      ours, the same packed rows
A figure is real tokens (without padding) over seconds of all steps but the first two. Parties that
compute the same must agree in their losses to 1e-3; whether TRL's packed loss is its unpacked one
is checked first.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import Measured, processor, write_result
from step import CHECKOUT, SHAPES, WARM_UP, Parties, assert_same_work, prepare

MASKED = 0.4
SPREAD = 0.7


@dataclass(frozen=True)
class Lengths:
    """Of rows: about `mean` tokens on average, at most `longest`."""

    mean: int
    longest: int

    def draw(self, count: int, source: random.Random) -> list[int]:
        """Evenly spaced quantiles in random order: a few rows stand for many."""
        logarithms = statistics.NormalDist(math.log(self.mean) - SPREAD**2 / 2, SPREAD)
        shares = [(i + 0.5) / count for i in range(count)]
        sizes = [round(math.exp(logarithms.inv_cdf(share))) for share in shares]
        source.shuffle(sizes)
        return [max(4, min(self.longest, size)) for size in sizes]


def make_rows(folder: Path, vocabulary: int, lengths: Lengths, count: int) -> tuple:
    """rows/ and packed/ in folder, and a tokenizer: the peers don't go without one.

    Returns the rows' sizes and the number of packed rows."""
    import datasets
    from hf_sft import pack, visits
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    source = random.Random(5)
    sizes = lengths.draw(count, source)
    ids = [source.choices(range(vocabulary), k=size) for size in sizes]
    labels = [[-100] * (hidden := math.ceil(MASKED * len(row))) + row[hidden:] for row in ids]
    rows = datasets.Dataset.from_dict({"input_ids": ids, "labels": labels})
    rows.save_to_disk(str(folder / "rows"))
    packed = pack(rows, lengths.longest)
    packed.select(visits(len(packed))).save_to_disk(str(folder / "packed"))
    words = Tokenizer(WordLevel({"<pad>": 0, "</s>": 1}, unk_token="</s>"))
    named = {"pad_token": "<pad>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=words, **named).save_pretrained(folder / "model")
    return sizes, len(packed)


class SftParties(Parties):
    """How each party is started; all of them pass over the same rows once."""

    def __init__(self, folder: Path, lengths: Lengths, packed_steps: int, **step_parties):
        super().__init__(folder, **step_parties)
        self.lengths = lengths
        self.packed_steps = packed_steps

    def peer(self, party: str, steps: int, batch: int) -> tuple[Measured, dict]:
        words = [party, self.folder / "model", self.folder / "adapter", self.folder / "rows"]
        words += [steps, batch, self.threads, self.lengths.longest]
        return self.python("hf_sft.py", words)

    def padding(self) -> tuple[Measured, dict]:
        return self.peer("padding", self.steps, self.shape.batch)

    def packing(self) -> tuple[Measured, dict]:
        return self.peer("packing", self.packed_steps, 1)

    def core_packed(self) -> tuple[Measured, dict]:
        pairs = {
            "data.train": json.dumps([str(self.folder / "packed")]),
            "train.max_steps": self.packed_steps,
            "train.per_device_train_batch_size": 1,
        }
        return self.core(tuple(x for key, value in pairs.items() for x in ("-s", f"{key}={value}")))

    def starters(self) -> dict:
        return {
            "padding": self.padding,
            "core": self.core,
            "packing": self.packing,
            "core packed": self.core_packed,
        }


def one_turn(parties: SftParties, backwards: bool, packing_is_right: bool) -> dict:
    starters = parties.starters()
    facts, results = {}, {}
    for name in reversed(starters) if backwards else starters:
        measured, results[name] = starters[name]()
        tokens, seconds = (results[name][key][WARM_UP:] for key in ("tokens", "seconds"))
        facts[name] = {
            **measured.facts(),
            "tokens_per_second": round(sum(tokens) / sum(seconds), 1),
            "tokens": sum(tokens),
            "step_seconds": [round(s, 4) for s in results[name]["seconds"]],
        }
        print(f"{name:12s} {facts[name]['tokens_per_second']:9.1f} tokens/s", flush=True)
    for theirs, ours in (("padding", "core"), ("packing", "core packed")):
        if results[theirs]["tokens"] != results[ours]["tokens"]:
            raise SystemExit(f"{theirs} and {ours} took other rows: {results}")
        if theirs == "padding" or packing_is_right:
            assert_same_work({name: results[name] for name in (theirs, ours)})
    return facts


def summary(turns: list[dict], check: dict) -> dict:
    def ratio(over: str, under: str) -> float:
        key = "tokens_per_second"
        return round(statistics.median(turn[over][key] / turn[under][key] for turn in turns), 3)

    def median(name: str, key: str) -> float:
        return round(statistics.median(turn[name][key] for turn in turns), 3)

    keys = ["tokens_per_second", "peak_rss_mb", "other_cpu_share"]
    parties = {name: {key: median(name, key) for key in keys} for name in turns[0]}
    parties["packing"]["computes_the_same"] = check["equal"]
    ours = ("core", "core packed")
    return {
        "parties": parties,
        "speed_over_padding": {name: ratio(name, "padding") for name in ours},
        "speed_over_packing": {name: ratio(name, "packing") for name in ours},
        "packed_loss_of_trl": check,
        "turns": turns,
    }


def padding_share(sizes: list[int], batch: int) -> float:
    batches = [sizes[i : i + batch] for i in range(0, len(sizes), batch)]
    return 1 - sum(sizes) / sum(len(rows) * max(rows) for rows in batches)


def show(report: dict) -> None:
    print("| party | real tokens/s | peak RSS, MB | other CPU | |")
    print("| --- | --- | --- | --- | --- |")
    for name, party in report["parties"].items():
        remark = "" if party.get("computes_the_same", True) else "computes something else"
        print(
            f"| {name} | {party['tokens_per_second']:.0f} | {party['peak_rss_mb']:.0f} "
            f"| {party['other_cpu_share']:.0%} | {remark} |"
        )
    for key in ("speed_over_padding", "speed_over_packing"):
        print(f"{key}: {json.dumps(report[key])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    shape = SHAPES["smoke" if options.smoke else "base"]
    pairs, steps = (1, 6) if options.smoke else (options.pairs, options.steps)
    lengths = Lengths(24, 128) if options.smoke else Lengths(180, 1024)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, shape, "lora", 1)
        sizes, packed_rows = make_rows(
            folder, shape.model["vocab_size"], lengths, steps * shape.batch
        )
        parties = SftParties(
            folder,
            lengths,
            packed_rows,
            shape=shape,
            method="lora",
            steps=steps,
            threads=options.threads,
        )
        check = parties.peer("check", 1, 1)[1]
        print("TRL's packed loss: " + json.dumps(check), flush=True)
        turns = [one_turn(parties, turn % 2 == 1, check["equal"]) for turn in range(pairs)]
    report = {
        "threads": options.threads,
        "dtype": "float32",
        "shape": shape.model,
        "rows": {"mean": round(statistics.mean(sizes), 1), "longest": max(sizes)},
        "padding_share": round(padding_share(sizes, shape.batch), 3),
        "batch": {"padding": shape.batch, "packing": 1},
        **summary(turns, check),
    }
    show(report)
    if not options.smoke:
        write_result(CHECKOUT, f"sft.{processor()}", {"benchmark": "sft"}, report)


if __name__ == "__main__":
    main()
