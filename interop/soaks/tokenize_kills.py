"""kill -9 of tokenize at random moments, each time started again; a reader looks all the while.

The corpus is a file, a query and a table. Every finished folder must have the bytes of a run that
nobody killed, and a reader may never see a set that is not whole.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import threading
import time
from pathlib import Path

from generated import write_corpus
from ground import CHECKOUT, options, write_result
from product import Product, kill_group, tail
from tokenizers_made import small_tokenizer

TOP = ("state.json", "dataset_info.json", "_anneal/manifest.json")


def digests(folder: Path) -> dict[str, str]:
    names = [*TOP, *(file.name for file in folder.glob("data-*.arrow"))]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


class Reader(threading.Thread):
    """Opens the set again and again as datasets.load_from_disk does, and reads all of it."""

    def __init__(self, folder: Path, expected: dict[str, str]):
        super().__init__(daemon=True)
        self.folder, self.expected = folder, expected
        self.looks = self.whole = 0
        self.torn: list[str] = []
        self.ended = threading.Event()
        self.pause = threading.Lock()

    def run(self) -> None:
        while not self.ended.is_set():
            with self.pause:
                self.look()
            time.sleep(0.002)

    def look(self) -> None:
        self.looks += 1
        try:
            state = json.loads((self.folder / "state.json").read_text())
            (self.folder / "dataset_info.json").read_text()
        except FileNotFoundError:
            return
        for entry in state["_data_files"]:
            name = entry["filename"]
            try:
                digest = hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
            except FileNotFoundError:
                digest = "absent"
            if digest != self.expected.get(name):
                self.torn.append(f"{name}: {digest}")
        self.whole += 1


def main() -> None:
    chosen = options(count=20, megabytes=300, seed=0)
    count, megabytes = (1, 24) if chosen.smoke else (chosen.count, chosen.megabytes)
    seed = chosen.seed or random.SystemRandom().randrange(1, 10**6)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ground = Path(folder)
        write_corpus(ground / "corpus.jsonl", megabytes * 800_000)
        for name in ("asked", "table"):
            write_corpus(ground / f"{name}.jsonl", megabytes * 100_000)
        product = Product(CHECKOUT)
        settings = {
            "tokenize.tokenizer": small_tokenizer(ground / "tokenizer"),
            "tokenize.stage": "pt",
            "tokenize.inputs": [
                {"path": str(ground / "corpus.jsonl")},
                {"query": f"SELECT text FROM json.`{ground / 'asked.jsonl'}` WHERE text > ''"},
                {"table": f"json.`{ground / 'table.jsonl'}`"},
            ],
            "tokenize.block_size": 512,
            "tokenize.shard_mb": 16,
            "tokenize.output": ground / "calm",
        }
        calm = product.must("tokenize", settings)
        expected = digests(ground / "calm")
        print(
            f"seed {seed}: {len(expected) - len(TOP)} shards in {calm.seconds:.1f} s without kills"
        )
        facts = kills(product, {**settings, "tokenize.output": ground / "killed"}, rng, count)(
            calm.seconds, expected
        )
    print(json.dumps(facts))
    if facts["torn"]:
        raise SystemExit(f"a reader saw a torn set (seed {seed}): {facts['torn'][:3]}")
    if not chosen.smoke:
        write_result("tokenize-kills", {"seed": seed, "input_mb": megabytes, **facts})


def kills(product: Product, settings: dict, rng: random.Random, count: int):
    """Kills until it has killed often enough, then lets the last run end."""

    def go(calm_seconds: float, expected: dict[str, str]) -> dict:
        output = settings["tokenize.output"]
        reader = Reader(output, expected)
        reader.start()
        killed, finished, moments, reused = 0, 0, [], 0
        while True:
            moment = rng.uniform(0.3, 1.0) * calm_seconds if killed < count else None
            done, log = attempt(product, settings, moment)
            if not done:
                killed += 1
                moments.append(round(moment, 2))
                print(f"kill {killed} of {count} after {moment:.1f} s")
                continue
            if digests(output) != expected:
                raise SystemExit(f"the bytes differ after {killed} kills:\n{tail(log)}")
            report = json.loads((output / "_anneal" / "report.json").read_text())
            reused += report["speed"]["splits_of_an_earlier_run"]
            left = [str(f) for f in output.rglob("*") if "staging" in str(f) or ".tmp" in f.name]
            if left:
                raise SystemExit(f"left behind: {left[:5]}")
            finished += 1
            time.sleep(0.5)  # a look at the whole set
            if killed >= count:
                break
            with reader.pause:
                output.rename(output.with_name(f"finished{finished}"))
        reader.ended.set()
        reader.join()
        return {
            "kills": killed,
            "moments": moments,
            "runs_finished": finished,
            "splits_reused_by_finished_runs": reused,
            "looks": reader.looks,
            "looks_at_a_whole_set": reader.whole,
            "torn": reader.torn,
            "bit_equal": True,
        }

    return go


def attempt(product: Product, settings: dict, moment: float | None) -> tuple[bool, str]:
    """One start; whether it came to its end, and what it printed."""
    log = settings["tokenize.output"].with_name("log")
    process = product.start("tokenize", settings, log)
    try:
        code = process.wait(timeout=moment or 600)
    except Exception:
        kill_group(process)
        return False, log.read_text(errors="replace")
    text = log.read_text(errors="replace")
    if code != 0:
        raise SystemExit(f"tokenize ended with {code}:\n{tail(text)}")
    return True, text


if __name__ == "__main__":
    main()
