"""Text to ids: our encoders on one thread against Hugging Face tokenizers and DJL's JNI, in turns.

Usage: tokenizer.py [--smoke] [--families a,b] [--turns N] [--seconds S] [--megabytes M]
                    [--english FILE.jsonl] [--chinese FILE.jsonl] [--folder DIR]
Without files the text of Debian packages is downloaded: English with code, and Chinese. --folder
keeps the fetched tokenizers. Every party reads the same documents and must count the same tokens.
The full size writes benchmarks/results/tokenizer.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import measure, write_result

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
SHARED = [str(CHECKOUT / "interop" / name) for name in ("corpus", "identity", "checks")]
sys.path[1:1] = SHARED

from documents import Documents  # noqa: E402
from families import FAMILIES, published, small  # noqa: E402
from product import compiled, native_environment  # noqa: E402

PACKAGES = {
    "english": [
        *("manpages-dev", "debian-reference-en", "git-doc", "perl-doc", "python3.11-doc"),
        *("libpython3.11-stdlib", "libstdc++-12-dev", "perl-modules-5.36", "libc6-dev"),
    ],
    "chinese": [
        "manpages-zh",
        "debian-reference-zh-cn",
        "libreoffice-help-zh-cn",
        "debian-handbook",
    ],
}
SMALL = ("small-qwen", "small-llama2")
CHINESE_SHARE = 0.2


def is_chinese(text: str) -> bool:
    return len(re.findall(r"[\u4e00-\u9fff]", text)) > CHINESE_SHARE * len(text)


def documents(name: str, file: Path | None, megabytes: float, work: Path) -> Documents:
    """A fixed choice out of the language's documents, so many megabytes of it."""
    if file is None:
        file = work / f"{name}.jsonl"
        code = ["--code"] if name == "english" else []
        command = [str(CHECKOUT / "interop" / "corpus" / "debian"), *code, str(file), "1"]
        subprocess.run([*command, *PACKAGES[name]], check=True)
    with file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    texts = [text for text in texts if is_chinese(text) == (name == "chinese")]
    random.Random(7).shuffle(texts)
    return Documents(name, work / f"{name}.bin", some(texts, megabytes * 1e6))


def some(texts: list[str], most: float):
    size = 0
    for text in texts:
        if size >= most:
            return
        size += len(text.encode())
        yield text


def smoke_documents(work: Path) -> list[Documents]:
    english = [file.read_text(encoding="utf-8") for file in sorted(CHECKOUT.glob("*.md"))]
    lines = (CHECKOUT / "sample" / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Documents("english", work / "english.bin", english),
        Documents("chinese", work / "chinese.bin", ["守灯人点亮灯塔。" * 9, *lines]),
    ]


class Parties:
    """How each party is started; an answer is the seconds of its passes."""

    def __init__(self, seconds: float, work: Path):
        self.seconds = str(seconds)
        self.classes = compiled(CHECKOUT, HERE / "TokenizerSpeed.java", work)

    def names(self) -> list[str]:
        return ["huggingface-1", "huggingface-2", "djl-1", "ours-1"]

    def run(self, name: str, tokenizer: Path, texts: Documents) -> dict:
        if name.startswith("huggingface"):
            command = [sys.executable, str(HERE / "hf_tokenizer.py")]
            environment = {
                "RAYON_NUM_THREADS": name[-1],
                "TOKENIZERS_PARALLELISM": "true",
                "PYTHONPATH": os.pathsep.join(SHARED),
            }
        else:
            kind = "native" if name.startswith("djl") else "ours"
            command = ["java", "-Xmx512m", "-cp", self.classes, "TokenizerSpeed", kind]
            environment = native_environment(CHECKOUT)
        done = measure([*command, str(tokenizer), str(texts.file), self.seconds], environment)
        rows = [line.split()[1:] for line in done.output.splitlines() if line.startswith("PASS ")]
        engine = [x.split()[1] for x in done.output.splitlines() if x.startswith("ENGINE ")]
        # The first pass is cold; the compiler may still be at work in the first half.
        warm = rows[1:] if len(rows) < 6 else rows[len(rows) // 2 :]
        return {
            "engine": engine[0] if engine else "",
            "cold": float(rows[0][0]),
            "warm": statistics.median(float(row[0]) for row in warm),
            "warm_cpu": statistics.median(float(row[2]) for row in warm),
            "passes": len(rows),
            "tokens": int(rows[0][1]),
            "other_cpu_share": round(done.other_cpu_share, 3),
        }


def compare(parties: Parties, tokenizer: Path, texts: Documents, turns: int) -> dict:
    """Parties in turns; ratios are taken within a turn, medians over the turns."""
    table = []
    for turn in range(turns):
        order = parties.names() if turn % 2 == 0 else list(reversed(parties.names()))
        table.append({name: parties.run(name, tokenizer, texts) for name in order})
    counts = {row["tokens"] for turn in table for row in turn.values()}
    if len(counts) != 1:
        raise SystemExit(f"{tokenizer.name}: the parties count {sorted(counts)} tokens")
    tokens = counts.pop()

    def speed(name: str, state: str) -> dict:
        seconds = statistics.median(turn[name][state] for turn in table)
        return {
            "mb_per_second": round(texts.bytes / 1e6 / seconds, 2),
            "tokens_per_second": round(tokens / seconds),
        }

    def ratio(peer: str, state: str) -> float:
        quotients = (turn[peer]["warm"] / turn["ours-1"][state] for turn in table)
        return round(statistics.median(quotients), 2)

    return {
        "tokens": tokens,
        "engine": table[0]["ours-1"]["engine"],
        "warm": {name: speed(name, "warm") for name in parties.names()},
        "cold": {name: speed(name, "cold") for name in ("djl-1", "ours-1")},
        "ours_warm_over": {name: ratio(name, "warm") for name in parties.names()[:3]},
        "ours_cold_over": {name: ratio(name, "cold") for name in parties.names()[:3]},
        "ours_warm_cpu_over_huggingface_1": round(
            statistics.median(
                t["huggingface-1"]["warm_cpu"] / t["ours-1"]["warm_cpu"] for t in table
            ),
            2,
        ),
        "turns": table,
    }


def print_row(family: str, language: str, result: dict) -> None:
    warm, over = result["warm"], result["ours_warm_over"]
    print(
        f"{family:13s} {language:8s} {result['engine']:18s}"
        f" HF {warm['huggingface-1']['mb_per_second']:6.2f}"
        f" (2 threads {warm['huggingface-2']['mb_per_second']:6.2f})"
        f" DJL {warm['djl-1']['mb_per_second']:6.2f}"
        f" ours {warm['ours-1']['mb_per_second']:6.1f} MB/s"
        f" (cold {result['cold']['ours-1']['mb_per_second']:5.1f}):"
        f" {over['huggingface-1']:5.1f} x one thread, {over['huggingface-2']:5.1f} x two,"
        f" {over['djl-1']:5.1f} x DJL; by CPU time"
        f" {result['ours_warm_cpu_over_huggingface_1']:5.1f} x one thread",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--families", default="")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--english", type=Path)
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    names = [name for name in options.families.split(",") if name]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if options.smoke:
            folders = {f: path for f, path in small().items() if f.name in SMALL}
            corpora, turns = smoke_documents(work), 1
            parties = Parties(0.2, work)
        else:
            folders = published(names, options.folder or work, needed=True)
            files = {"english": options.english, "chinese": options.chinese}
            corpora = [documents(n, file, options.megabytes, work) for n, file in files.items()]
            turns, parties = options.turns, Parties(options.seconds, work)
        results = {}
        for family, path in folders.items():
            results[family.name] = {"source": family.source, "form": family.form}
            for texts in corpora:
                result = compare(parties, path, texts, turns)
                results[family.name][texts.name] = result
                print_row(family.name, texts.name, result)
        report = {
            "corpora": {t.name: {"documents": t.count, "bytes": t.bytes} for t in corpora},
            "families": results,
        }
    if not options.smoke and len(folders) == len(FAMILIES):
        write_result(CHECKOUT, "tokenizer", {"benchmark": "tokenizer"}, report)


if __name__ == "__main__":
    main()
