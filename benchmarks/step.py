"""The training step: our trainer without Spark against Hugging Face Trainer + PEFT, in turns.

Usage: step.py [--method lora|full] [--shape base|qwen] [--pairs N] [--steps N] [--threads N]
               [--launcher] [--qlora]
--launcher measures `bin/anneal train` (Spark in local mode, one rank) as one more party; --qlora
the same LoRA over a base in NF4 with double quantisation, whose losses are not compared; "floor" is
the time of the step's matrix products alone, by the faster of two libraries.
Every party reads the same model, adapter and rows; their losses must agree to 1e-3.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
sys.path.insert(1, str(CHECKOUT / "interop" / "checks"))

from measure import Measured, measure, processor, write_result  # noqa: E402
from product import compiled, native_environment  # noqa: E402

WARM_UP = 2
FLOOR_KEYS = [
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
]


@dataclass(frozen=True)
class Shape:
    """A model, and the tokens of a step."""

    model: dict
    batch: int
    length: int

    @property
    def tokens(self) -> int:
        return self.batch * self.length


BASE = {
    "model_type": "llama",
    "vocab_size": 32000,
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}
QWEN = {
    "model_type": "qwen2",
    "vocab_size": 151936,
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}
SHAPES = {
    "base": Shape(BASE, 4, 512),
    "qwen": Shape(QWEN, 2, 256),
    "smoke": Shape({**BASE, "vocab_size": 500, "hidden_size": 64, "intermediate_size": 96}, 2, 64),
}


def prepare(folder: Path, shape: Shape, method: str, steps: int, making=None) -> None:
    """model/, adapter/ and rows/ in folder, the same for every party.

    In a process of its own: the peak memory of a child counts what its parent held at its start.
    """
    maker = multiprocessing.get_context("spawn").Process(
        target=making or make, args=(folder, shape, method, steps)
    )
    maker.start()
    maker.join()
    if maker.exitcode != 0:
        raise SystemExit(f"the model's process ended with {maker.exitcode}")


def make(folder: Path, shape: Shape, method: str, steps: int) -> None:
    import datasets
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(7)
    config = AutoConfig.for_model(**shape.model, max_position_embeddings=2048)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder / "model")
    if method == "lora":
        lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
        get_peft_model(model, lora).save_pretrained(folder / "adapter")
    ids = torch.randint(0, shape.model["vocab_size"], (shape.batch * steps, shape.length))
    rows = datasets.Dataset.from_dict({"input_ids": ids.tolist(), "labels": ids.tolist()})
    rows.save_to_disk(str(folder / "rows"))


class CoreStep(NamedTuple):
    """A STEP line of CoreTrainer.

    Of moves between ranks: small exchanges; gradients and values that the rank waits for; sums of
    gradients behind its backward.
    """

    loss: float
    seconds: float
    live_tensors: int
    tokens: int
    resident_bytes: int
    wait_seconds: float
    reduce_seconds: float
    hidden_seconds: float


def core_steps(output: str) -> list[CoreStep]:
    lines = [x.split()[1:] for x in output.splitlines() if x.startswith("STEP ")]
    return [
        CoreStep(
            float(loss),
            float(seconds),
            int(live_tensors),
            int(tokens),
            int(resident_bytes),
            float(wait_seconds),
            float(reduce_seconds),
            float(hidden_seconds),
        )
        for (
            loss,
            seconds,
            live_tensors,
            tokens,
            resident_bytes,
            wait_seconds,
            reduce_seconds,
            hidden_seconds,
        ) in lines
    ]


class Parties:
    """How each party is started, and where its step times are read."""

    def __init__(self, folder: Path, shape: Shape, method: str, steps: int, threads: int):
        self.folder, self.shape, self.method = folder, shape, method
        self.steps, self.threads = steps, threads
        self.runs = 0
        # before, so that the compiler is not measured
        self.classes = compiled(CHECKOUT, HERE / "CoreTrainer.java", folder)

    def settings(self, output: Path) -> list[str]:
        pairs = {
            "model.path": self.folder / "model",
            "data.train": json.dumps([str(self.folder / "rows")]),
            "data.allow_foreign": "true",
            "train.output_dir": output,
            "train.shuffle": "false",
            "train.max_steps": self.steps,
            "train.per_device_train_batch_size": self.shape.batch,
            "train.learning_rate": 1e-4,
            "train.lr_scheduler_type": "constant",
            "train.warmup_steps": 0,
            "train.logging_steps": 1000,
            "train.save_steps": 0,
            "distributed.threads_per_rank": self.threads,
        }
        if self.method == "lora":
            pairs["adapter.path"] = self.folder / "adapter"
        return [word for key, value in pairs.items() for word in ("-s", f"{key}={value}")]

    def huggingface(self) -> tuple[Measured, dict]:
        adapter = self.folder / "adapter" if self.method == "lora" else "none"
        words = [self.folder / "model", adapter, self.folder / "rows"]
        words += [self.steps, self.shape.batch, self.threads]
        return self.python("hf_step.py", words)

    def python(self, script: str, words: list) -> tuple[Measured, dict]:
        """A peer: a program of this folder, which prints its result as one line of JSON."""
        command = [sys.executable, str(HERE / script), *map(str, words)]
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        done = measure(command, threads)
        line = next(x for x in done.output.splitlines() if x.startswith("RESULT "))
        return done, json.loads(line.removeprefix("RESULT "))

    def core(self, more: tuple[str, ...] = ()) -> tuple[Measured, dict]:
        """Our trainer without Spark, in a heap of 512 MB; later settings win."""
        command = ["java", "-Xmx512m", "-cp", self.classes, "CoreTrainer"]
        settings = [*self.settings(self.folder / "unused"), *more]
        done = measure(command + settings, native_environment(CHECKOUT))
        steps = core_steps(done.output)
        return done, {
            "losses": [step.loss for step in steps],
            "seconds": [step.seconds for step in steps],
            "live_tensors": [step.live_tensors for step in steps],
            "tokens": [step.tokens for step in steps],
        }

    def floor(self) -> tuple[Measured, dict]:
        """The step's matrix products alone."""
        model = self.shape.model
        words = [self.method, self.shape.tokens, self.steps, self.threads]
        words += [model[key] for key in FLOOR_KEYS]
        command = [sys.executable, str(HERE / "step_floor.py"), *map(str, words)]
        done = measure(command)
        line = next(x for x in done.output.splitlines() if x.startswith("RESULT "))
        return done, json.loads(line.removeprefix("RESULT "))

    def launcher(self) -> tuple[Measured, dict]:
        """The same through `bin/anneal train`: Spark in local mode, one rank."""
        self.runs += 1
        output = self.folder / f"run{self.runs}"
        done = measure([str(CHECKOUT / "bin" / "anneal"), "train", *self.settings(output)])
        steps = [json.loads(x) for x in (output / "metrics.jsonl").read_text().splitlines()]
        seconds = [step["tokens"] / step["tokens_per_second"] for step in steps]
        return done, {"seconds": seconds, "losses": [step["loss"] for step in steps]}


def assert_same_work(results: dict[str, dict]) -> None:
    names = [name for name, result in results.items() if "losses" in result]
    for name in names[1:]:
        for i, (a, b) in enumerate(
            zip(results[names[0]]["losses"], results[name]["losses"], strict=True)
        ):
            if abs(a - b) > 1e-3 * abs(a):
                raise SystemExit(f"step {i + 1}: loss {a} of {names[0]} and {b} of {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--launcher", action="store_true")
    parser.add_argument("--qlora", action="store_true")
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--shape", choices=["base", "qwen"], default="base")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.qlora and options.method != "lora":
        parser.error("--qlora needs --method lora: full tuning has no frozen base")
    shape = SHAPES["smoke" if options.smoke else options.shape]
    pairs, steps = (1, 4) if options.smoke else (options.pairs, options.steps)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), shape, options.method, steps)
        parties = Parties(Path(folder), shape, options.method, steps, options.threads)
        report = compare(parties, pairs, options)
    report["shape"] = {**shape.model, "batch": shape.batch, "length": shape.length}
    report["tokens_per_step"] = shape.tokens
    for name, party in report["parties"].items():
        party["tokens_per_second"] = round(shape.tokens / party["median_step_seconds"], 1)
        print(
            f"{name:12s} {party['tokens_per_second']:9.1f} tokens/s, "
            f"peak {party['median_peak_rss_mb']:.0f} MB"
        )
    print("speed over Hugging Face: " + json.dumps(report["speed_over_huggingface"]))
    print("time over the floor: " + json.dumps(report["time_over_floor"]))
    if options.qlora:
        print(f"time of QLoRA over LoRA: {report['time_over_lora']['qlora']}")
    if not options.smoke:
        file = f"step-{'q' if options.qlora else ''}{options.method}-{options.shape}"
        write_result(CHECKOUT, f"{file}.{processor()}", {"benchmark": "step"}, report)


def compare(parties: Parties, pairs: int, options) -> dict:
    """Parties in turns; ratios are taken within a turn, medians over the turns."""
    starters = {
        "huggingface": parties.huggingface,
        "core": parties.core,
        "floor": parties.floor,
    }
    if options.qlora:
        starters["qlora"] = lambda: parties.core(("-s", "model.frozen_storage=nf4"))
    if options.launcher:
        starters["launcher"] = parties.launcher
    turns = []
    for turn in range(pairs):
        results, facts = {}, {}
        order = list(starters) if turn % 2 == 0 else list(reversed(starters))
        for name in order:
            measured, result = starters[name]()
            results[name] = result
            facts[name] = {
                **measured.facts(),
                "median_step_seconds": statistics.median(result["seconds"][WARM_UP:]),
                "step_seconds": [round(s, 4) for s in result["seconds"]],
            }
            print(f"turn {turn + 1}: {name} {facts[name]['median_step_seconds']:.3f} s a step")
        results.pop("qlora", None)
        assert_same_work(results)
        turns.append(facts)

    def ratio(over: str, under: str) -> float:
        key = "median_step_seconds"
        return round(statistics.median(turn[over][key] / turn[under][key] for turn in turns), 3)

    def median(name: str, key: str) -> float:
        return statistics.median(turn[name][key] for turn in turns)

    ours = [name for name in starters if name not in ("huggingface", "floor")]
    return {
        "method": options.method,
        "threads": options.threads,
        "dtype": "float32",
        "parties": {
            name: {
                "median_step_seconds": median(name, "median_step_seconds"),
                "median_peak_rss_mb": median(name, "peak_rss_mb"),
            }
            for name in starters
        },
        "speed_over_huggingface": {name: ratio("huggingface", name) for name in ours},
        "time_over_floor": {name: ratio(name, "floor") for name in ours},
        "time_over_lora": {name: ratio(name, "core") for name in ours if name == "qlora"},
        "turns": turns,
    }


if __name__ == "__main__":
    main()
