"""Greedy generation: ours without Spark against transformers.generate, in turns.

Usage: generation.py [--pairs N] [--rounds N]
One batch of 1 and one of 8 prompts of 64 tokens, 128 new tokens each; both give the same tokens.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

from measure import measure, processor, write_result
from step import CHECKOUT, HERE, SHAPES, compiled, native_environment, prepare

PROMPT_TOKENS = 64


class Parties:
    def __init__(self, folder: Path, vocabulary: int, threads: int, rounds: int, new_tokens: int):
        self.folder, self.threads, self.rounds, self.new = folder, threads, rounds, new_tokens
        self.random = random.Random(5)
        self.vocabulary = vocabulary
        self.classes = compiled(CHECKOUT, HERE / "CoreGenerator.java", folder)

    def prompts(self, batch: int) -> list[str]:
        ids = range(self.vocabulary)
        return [",".join(map(str, self.random.choices(ids, k=PROMPT_TOKENS))) for _ in range(batch)]

    def words(self, prompts: list[str]) -> list[str]:
        numbers = [self.threads, self.new, self.rounds]
        return [str(self.folder / "model"), *map(str, numbers), *prompts]

    def core(self, prompts: list[str]) -> tuple[dict, dict]:
        command = ["java", "-Xmx512m", "-cp", self.classes, "CoreGenerator", *self.words(prompts)]
        done = measure(command, native_environment(CHECKOUT))
        lines = done.output.splitlines()
        return done.facts(), {
            "seconds": [float(x.split()[1]) for x in lines if x.startswith("ROUND ")],
            "tokens": [json.loads(x[len("TOKENS ") :]) for x in lines if x.startswith("TOKENS ")],
        }

    def huggingface(self, prompts: list[str]) -> tuple[dict, dict]:
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        command = [sys.executable, str(HERE / "hf_generate.py"), *self.words(prompts)]
        done = measure(command, threads)
        line = next(x for x in done.output.splitlines() if x.startswith("RESULT "))
        return done.facts(), json.loads(line.removeprefix("RESULT "))


def compare(parties: Parties, batch: int, pairs: int) -> dict:
    """Ratios within a turn, medians over turns; the first round of each process is a warm-up."""
    turns = []
    for turn in range(pairs):
        prompts = parties.prompts(batch)
        starters = {"huggingface": parties.huggingface, "core": parties.core}
        order = list(starters) if turn % 2 == 0 else list(reversed(starters))
        facts, tokens = {}, {}
        for name in order:
            measured, result = starters[name](prompts)
            seconds = statistics.median(result["seconds"][1:])
            tokens[name] = result["tokens"]
            facts[name] = {
                **measured,
                "round_seconds": result["seconds"],
                "tokens_per_second": round(batch * parties.new / seconds, 1),
            }
            print(f"batch {batch}, turn {turn + 1}: {name} {facts[name]['tokens_per_second']}/s")
        if tokens["core"] != tokens["huggingface"]:
            raise SystemExit(f"batch {batch}: the tokens differ: {tokens}")
        turns.append(facts)
    key = "tokens_per_second"
    return {
        "batch": batch,
        **{
            name: statistics.median(turn[name][key] for turn in turns)
            for name in ("huggingface", "core")
        },
        "speed_over_huggingface": round(
            statistics.median(turn["core"][key] / turn["huggingface"][key] for turn in turns), 3
        ),
        "turns": turns,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    shape = SHAPES["smoke" if options.smoke else "base"]
    pairs, rounds, new = (1, 2, 8) if options.smoke else (options.pairs, options.rounds, 128)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), shape, "full", 1)
        vocabulary = shape.model["vocab_size"]
        parties = Parties(Path(folder), vocabulary, options.threads, rounds, new)
        batches = [compare(parties, batch, pairs) for batch in (1, 8)]
    for result in batches:
        print(
            f"batch {result['batch']}: Hugging Face {result['huggingface']}/s, "
            f"ours {result['core']}/s, {result['speed_over_huggingface']} x"
        )
    if not options.smoke:
        report = {
            "threads": options.threads,
            "shape": shape.model,
            "prompt_tokens": PROMPT_TOKENS,
            "new_tokens": new,
            "batches": batches,
        }
        write_result(CHECKOUT, f"generation.{processor()}", {"benchmark": "generation"}, report)


if __name__ == "__main__":
    main()
