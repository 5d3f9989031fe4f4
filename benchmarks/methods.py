"""Every method on one task, the shipped sample's instructions: held-out answers, three seeds.

Usage: methods.py [--methods "LoRA;VeRA"] [--seeds 42,43,44] [--folder DIR]
                  [--resume] [--partial] [--table]
The base is the sample's model after its corpus (sample/pretrain.conf), the same for all; the steps
and rows are those of sample/sft.conf, and the learning rate is its LoRA's times the factor of the
method's family. Scored are the held-out questions, each answer alone: the negative log-likelihood
of its tokens and its end, in nats, and exact match of the greedy answer. Scores do not depend on
what else the machine does; memory and speed come from `methods-speed`.
--resume takes what --folder already has of this command; --partial takes that alone, trains nothing
and names the methods that are missing. --table prints the table of the results
that are there.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
sys.path.insert(1, str(CHECKOUT / "interop" / "checks"))

from compared_methods import Compared, chosen, require_complete  # noqa: E402
from measure import commit, processor, write_result  # noqa: E402
from methods_page import markdown  # noqa: E402
from product import Product  # noqa: E402
from workbench import Workbench  # noqa: E402

SAMPLE = CHECKOUT / "sample"
HELD_OUT = SAMPLE / "questions" / "held-out.jsonl"
# of sample/sft.conf
LORA_RATE = 8e-4
STEPS = 120
NEW_TOKENS = 24
JOB_SECONDS = 1800
# How many standard errors below the untouched model's.
ENOUGH = 3


@dataclass(frozen=True)
class Size:
    """How much is trained: the sample's recipes, or less of them to see that it works."""

    pretrain_steps: int
    steps: int

    @staticmethod
    def of(smoke: bool) -> Size:
        return Size(20, 4) if smoke else Size(500, STEPS)


class Task:
    """The base and the rows, made once in a folder, and what is asked of each method."""

    def __init__(self, bench: Workbench, folder: Path, size: Size):
        self.bench, self.folder, self.size = bench, folder, size
        self.base = folder / "base" / "model"
        self.rows = folder / "instructions"
        self.held_out = folder / "held-out"

    def prepare(self) -> None:
        corpus = self.folder / "corpus"
        documents = [{"path": str(SAMPLE / name), "format": "jsonl"} for name in PRETRAINED_ON]
        self.tokenize(corpus, "pt", documents, eos_token="<|endoftext|>")
        instructions = SAMPLE / "instructions.jsonl"
        self.tokenize(self.rows, "sft", [alpaca(instructions)])
        questions = self.folder / "held-out.jsonl"
        lines = [json.loads(line) for line in HELD_OUT.read_text().splitlines()]
        asked = ({"instruction": q["question"], "output": q["answer"]} for q in lines)
        if not questions.exists():  # a new time of change would be another input
            questions.write_text("".join(json.dumps(row) + "\n" for row in asked))
        self.tokenize(self.held_out, "sft", [alpaca(questions)], packing="none")
        if not (self.base / "config.json").exists():
            whole = self.training(SAMPLE / "model", corpus, self.folder / "base")
            whole |= {"train.max_steps": self.size.pretrain_steps, "train.learning_rate": 4e-3}
            self.bench.must("train", {**whole, "train.resume_from_checkpoint": "auto"})

    def tokenize(self, output: Path, stage: str, inputs: list[dict], **more) -> None:
        settings = {
            "tokenize.tokenizer": SAMPLE / "tokenizer",
            "tokenize.stage": stage,
            "tokenize.inputs": inputs,
            "tokenize.block_size": 128,
            "tokenize.output": output,
        }
        settings |= {f"tokenize.{key}": value for key, value in more.items()}
        self.bench.must("tokenize", settings)

    def training(self, model: Path, rows: Path, output: Path) -> dict:
        """What both of the sample's recipes say, without an adapter."""
        return {
            "model.path": model,
            "data.train": [str(rows)],
            "train.output_dir": output,
            "train.per_device_train_batch_size": 4,
            "train.warmup_steps": 0.05,
            "train.save_steps": 0,
            "optimizer.adam_beta2": 0.98,
            "distributed.world_size": 2,
            "distributed.zero_stage": 2,
        }

    def settings(self, method: Compared, seed: int, output: Path) -> dict:
        return {
            **self.training(self.base, self.rows, output),
            "train.max_steps": self.size.steps,
            "train.learning_rate": LORA_RATE * method.rate,
            "train.seed": seed,
            **method.all_settings(self.size.steps),
        }

    def train(self, method: Compared, seed: int) -> dict:
        """Trains and scores; the share of the base's parameters that is trained beside."""
        output = self.folder / "runs" / f"{method.name} {seed}".replace(" ", "-")
        settings = self.settings(method, seed, output)
        self.bench.must("plan", settings)
        counts = json.loads((output / "plan" / "result.json").read_text())["counts"]
        self.bench.must("train", {**settings, "train.resume_from_checkpoint": "auto"})
        adapter = output / "adapter"
        model, adapter = (self.base, adapter) if adapter.exists() else (output / "model", None)
        return {
            "seed": seed,
            "steps": self.size.steps,
            "learning_rate": settings["train.learning_rate"],
            "trained_parameters": counts["trained_parameters"],
            "parameters": counts["parameters"],
            **self.score(model, adapter, output / "scores"),
        }

    def score(self, model: Path, adapter: Path | None, output: Path) -> dict:
        answers = {
            "model.path": model,
            "evaluate.questions": [str(HELD_OUT)],
            "evaluate.output_dir": output,
            "evaluate.max_new_tokens": NEW_TOKENS,
        }
        if adapter is not None:
            answers["adapter.path"] = adapter
        self.bench.must("evaluate", answers)
        asked = json.loads((output / "eval.json").read_text())["questions"][0]
        rows = self.bench.scores(model, self.held_out, adapter)
        assert len(rows) == asked["total"], f"{len(rows)} rows of {asked['total']} questions"
        return {
            "answer_nll": [round(row.loss, 6) for row in rows],
            "answer_tokens": sum(row.targets for row in rows),
            "right": asked["correct"],
            "asked": asked["total"],
        }


PRETRAINED_ON = ["corpus", "replay"]


def alpaca(file: Path) -> dict:
    return {"path": str(file), "format": "jsonl", "dataset_format": "alpaca"}


def summary(method: Compared, runs: list[dict], untouched: list[float]) -> dict:
    """Means over rows and seeds; the gain's error takes both to be drawn at random.

    The gain is taken row by row, so that how hard a question is does not count as chance.
    """
    seeds = [statistics.mean(run["answer_nll"]) for run in runs]
    by_row = [statistics.mean(rows) for rows in zip(*(r["answer_nll"] for r in runs), strict=True)]
    gains = [before - after for before, after in zip(untouched, by_row, strict=True)]
    of_rows = standard_error(gains)
    of_seeds = standard_error(seeds) if len(seeds) > 1 else 0.0
    error = math.hypot(of_rows, of_seeds)
    gain = statistics.mean(gains)
    return {
        "method": method.name,
        "settings": method.all_settings(runs[0].get("steps", STEPS)),
        "learning_rate": runs[0]["learning_rate"],
        "trained_parameters": runs[0]["trained_parameters"],
        "trained_share": runs[0]["trained_parameters"] / runs[0]["parameters"],
        "answer_nll": round(statistics.mean(seeds), 4),
        "gain": round(gain, 4),
        "standard_error": round(error, 4),
        "standard_error_rows": round(of_rows, 4),
        "standard_error_seeds": round(of_seeds, 4),
        "gain_in_standard_errors": round(gain / error, 2),
        "better": gain > ENOUGH * error,
        "exact_match": round(statistics.mean(run["right"] / run["asked"] for run in runs), 4),
        "note": method.note,
        "seeds": [
            {
                "seed": run["seed"],
                "answer_nll": round(mean, 4),
                "right": run["right"],
            }
            for run, mean in zip(runs, seeds, strict=True)
        ],
    }


def standard_error(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def cached(file: Path, resume: bool, make) -> dict:
    """What a file holds from before, or what is made now and kept there."""
    if resume and file.exists():
        return json.loads(file.read_text())
    made = {**make(), "commit": commit(CHECKOUT)}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(made))
    return made


def compare(task: Task, options) -> dict:
    kept = task.folder / "scores"
    bare = cached(
        kept / "untouched.json",
        options.resume,
        lambda: task.score(task.base, None, task.folder / "untouched"),
    )
    untouched = bare["answer_nll"]
    print(f"untouched: nll {statistics.mean(untouched):.4f}, right {bare['right']}", flush=True)
    methods, missing = [], []
    for method in chosen(options.methods):
        files = {
            seed: kept / f"{method.name} {seed}.json".replace(" ", "-") for seed in options.seeds
        }
        if options.partial and not all(file.exists() for file in files.values()):
            missing.append(method.name)
            continue
        runs = [
            cached(file, options.resume, lambda m=method, s=seed: task.train(m, s))
            for seed, file in files.items()
        ]
        methods.append(summary(method, runs, untouched))
        line = {key: methods[-1][key] for key in SHOWN}
        print(f"{method.name}: {json.dumps(line)}", flush=True)
    return {
        "questions": bare["asked"],
        "answer_tokens": bare["answer_tokens"],
        "seeds": options.seeds,
        "steps": task.size.steps,
        "lora_learning_rate": LORA_RATE,
        "untouched": {
            "answer_nll": round(statistics.mean(untouched), 4),
            "exact_match": bare["right"] / bare["asked"],
        },
        "methods": methods,
        "missing": missing,
    }


SHOWN = ["answer_nll", "gain", "standard_error", "gain_in_standard_errors", "exact_match"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--methods", default="", help="names or their begins, parted by ;")
    parser.add_argument("--seeds", default="42,43,44")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "target" / "methods")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--partial", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    options.resume = options.resume or options.partial
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    if options.table:
        print(markdown(CHECKOUT))
        return
    require_complete()
    if options.smoke:
        options.methods, options.seeds = options.methods or "LoRA, rs;full", options.seeds[:2]
    run(options)


def run(options) -> None:
    if not options.resume:
        shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    bench = Workbench(Product(CHECKOUT), options.folder / "workbench", JOB_SECONDS)
    try:
        task = Task(bench, options.folder, Size.of(options.smoke))
        if not options.partial:
            task.prepare()
        report = compare(task, options)
    finally:
        bench.close()
    if options.smoke or options.methods:
        print(markdown(CHECKOUT, scores=report))
    else:
        write_result(CHECKOUT, f"methods.{processor()}", {"benchmark": "methods"}, report)
        print(markdown(CHECKOUT))


if __name__ == "__main__":
    main()
