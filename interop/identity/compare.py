"""Our ids against those of Hugging Face tokenizers, document by document.

Usage: compare.py [--smoke] [--families a,b] [--corpus FILE.jsonl] [--strings N] [--folder DIR]
Corpus: jsonl documents; without it the text of Debian packages is downloaded. --folder keeps what
was fetched. The full size writes benchmarks/results/tokenizer-ids.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy
import tokenizers
from documents import Documents
from families import FAMILIES, Family, published, small
from measure import commit, hardware
from product import compiled, native_environment
from strings import RandomStrings

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
MINIMUM_MB = 100
MORE_PACKAGES = ["libreoffice-help-zh-cn", "libreoffice-help-zh-tw", "linux-doc-6.1"]
SMOKE_FAMILIES = ["qwen3", "llama2"]
SHOWN = 5
NEAR = 8


class Product:
    """The product's ids, by a small Java program on the built jar."""

    def __init__(self, folder: Path):
        program = CHECKOUT / "interop" / "java" / "TokenIds.java"
        self.path = compiled(CHECKOUT, program, folder)

    def encode(self, tokenizer: Path, documents: Documents, out: Path) -> dict[str, str]:
        command = ["java", "-Xmx1g", "-cp", self.path, "TokenIds"]
        done = subprocess.run(
            [*command, str(tokenizer), str(documents.file), str(out)],
            env={**os.environ, **native_environment(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"ids: {tokenizer.name}: {done.stdout[-3000:]}")
        lines = (line.partition(" ") for line in done.stdout.splitlines())
        return {key: value for key, _, value in lines}


def mismatch(text: str, theirs: list[int], ours: numpy.ndarray, tokenizer) -> dict:
    """Where two encodings part, with the text around it."""
    short = min(len(theirs), len(ours))
    differs = [i for i in range(short) if theirs[i] != ours[i]]
    at = differs[0] if differs else short
    before = len(tokenizer.decode(theirs[:at], skip_special_tokens=False))
    return {
        "text": text[max(0, before - 40) : before + 40],
        "first_difference": at,
        "huggingface": [tokenizer.id_to_token(i) for i in theirs[at : at + NEAR]],
        "ours": [tokenizer.id_to_token(int(i)) for i in ours[at : at + NEAR]],
        "huggingface_count": len(theirs),
        "our_count": len(ours),
    }


def compare(tokenizer, documents: Documents, file: Path) -> dict:
    ours = numpy.memmap(file, dtype=">i4", mode="r")
    at = tokens = different = 0
    shown = []
    start = time.monotonic()
    for texts in documents.batches():
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for text, encoding in zip(texts, encodings, strict=True):
            theirs = encoding.ids
            count = int(ours[at])
            found = ours[at + 1 : at + 1 + count]
            at += 1 + count
            tokens += len(theirs)
            if count == len(theirs) and numpy.array_equal(found, theirs):
                continue
            different += 1
            if len(shown) < SHOWN:
                shown.append(mismatch(text, theirs, found, tokenizer))
    if at != len(ours):
        raise SystemExit(f"ids: {len(ours) - at} ints too many in the answer for {documents.name}")
    return {
        "documents": documents.count,
        "bytes": documents.bytes,
        "tokens": tokens,
        "mismatches": different,
        "first_mismatches": shown,
        "seconds_huggingface_and_comparing": round(time.monotonic() - start, 1),
    }


def check(family: Family, folder: Path, sets: list[Documents], product: Product, work: Path):
    """The family's part of the report."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    report = {"source": family.source, "form": family.form, "expected_engine": family.engine}
    for documents in sets:
        out = work / "ids.bin"
        said = product.encode(folder, documents, out)
        kind, _, reason = said["ENGINE"].partition(" ")
        report |= {"engine": kind, "reason": reason, "half_a_pair": said["REFUSED"]}
        result = compare(tokenizer, documents, out)
        out.unlink()
        report[documents.name] = result
        print(
            f"{family.name:11s} {kind:18s} {documents.name:8s} {result['documents']:8d} documents "
            f"{result['bytes'] / 1e6:6.1f} MB {result['tokens']:10d} tokens, "
            f"{result['mismatches']} mismatches",
            flush=True,
        )
        for shown in result["first_mismatches"]:
            print("  " + json.dumps(shown, ensure_ascii=True))
    if reason:
        print(f"{family.name}: {reason}")
    return report


def refuse_surrogates(folder: Path) -> str:
    """What Hugging Face says of half a surrogate pair, which no random string holds."""
    try:
        tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")).encode("ab\ud83d")
    except (TypeError, UnicodeEncodeError) as refused:
        return str(refused)
    raise SystemExit("ids: Hugging Face encoded half a surrogate pair")


def specials(folders: list[Path]) -> list[str]:
    contents = set()
    for folder in folders:
        added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
        contents.update(token["content"] for token in added[:40])
    return sorted(contents)


def corpus_texts(options, work: Path):
    if options.smoke:
        for pattern in ("**/*.md", "interop/**/*.py", "data-pipeline/src/main/**/*.java"):
            for file in sorted(CHECKOUT.glob(pattern)):
                parts = file.relative_to(CHECKOUT).parts
                if not any(part == "target" or part.startswith(".") for part in parts):
                    yield file.read_text(encoding="utf-8")
        return
    corpus = options.corpus
    if corpus is None:
        corpus = work / "corpus.jsonl"
        base = (HERE.parent / "corpus" / "packages.txt").read_text().split()
        command = [str(HERE.parent / "corpus" / "debian"), str(corpus), str(MINIMUM_MB)]
        subprocess.run([*command, *base, *MORE_PACKAGES], check=True)
    with corpus.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def run(options, work: Path) -> dict:
    names = [name for name in options.families.split(",") if name]
    unknown = set(names) - {family.name for family in FAMILIES}
    if unknown:
        raise SystemExit(f"Invalid --families: {', '.join(sorted(unknown))} (see families.py)")
    if options.smoke and not names:
        folders = small() | published(SMOKE_FAMILIES, options.folder or work, needed=False)
    else:
        folders = published(names, options.folder or work, needed=True)
    random = RandomStrings(4, specials(list(folders.values())))
    count = options.strings or (3_000 if options.smoke else 1_000_000)
    sets = [
        Documents("corpus", work / "corpus.bin", corpus_texts(options, work)),
        Documents("strings", work / "strings.bin", (random.one() for _ in range(count))),
    ]
    for documents in sets:
        print(f"{documents.name}: {documents.count} documents, {documents.bytes / 1e6:.1f} MB")
    product = Product(work)
    return {
        "check": "tokenizer-ids",
        "commit": commit(CHECKOUT),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "hardware": hardware(),
        "tokenizers": tokenizers.__version__,
        "half_a_pair_huggingface": refuse_surrogates(next(iter(folders.values()))),
        "families": {
            family.name: check(family, folder, sets, product, work)
            for family, folder in folders.items()
        },
    }


def verdict(report: dict) -> list[str]:
    problems = []
    for name, family in report["families"].items():
        if family["engine"] != family["expected_engine"]:
            problems.append(
                f"{name}: {family['engine']} ran instead of {family['expected_engine']}: "
                + family["reason"]
            )
        for key in ("corpus", "strings"):
            if family[key]["mismatches"]:
                problems.append(f"{name}: {family[key]['mismatches']} documents of {key} differ")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--families", default="")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--strings", type=int)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        report = run(options, Path(work))
    problems = verdict(report)
    print("\n".join(problems) or "ids: all equal")
    whole = not (options.smoke or options.families or options.strings)
    if whole:
        target = CHECKOUT / "benchmarks" / "results" / "tokenizer-ids.json"
        target.write_text(json.dumps(report, indent=2, ensure_ascii=True) + "\n")
        print(f"wrote {target.relative_to(CHECKOUT)}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
