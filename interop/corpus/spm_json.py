"""tokenizer.json of SentencePiece-style BPE, in the forms that Hugging Face publishes."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

CONTROL = 3


@dataclass(frozen=True)
class Pieces:
    """vocab: text to id; merges in order of rank; special: contents of the special tokens."""

    vocab: dict[str, int]
    merges: list[tuple[str, str]]
    special: list[str]


def read_model(model: bytes) -> Pieces:
    """A sentencepiece file; the merges follow from the scores as in transformers' converter."""
    from transformers.convert_slow_tokenizer import generate_merges

    pieces = _pieces(model)
    vocab = {piece: i for i, (piece, _, _) in enumerate(pieces)}
    merges = generate_merges(vocab, {piece: score for piece, score, _ in pieces})
    return Pieces(vocab, merges, ["<unk>"] + [p for p, _, kind in pieces if kind == CONTROL])


def _pieces(model: bytes) -> list[tuple[str, float, int]]:
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


def save(pieces: Pieces, form: str, folder: Path, *, split: bool = False) -> None:
    """form: legacy (normalizer Prepend and Replace), plain (Replace alone), or a prepend_scheme."""
    from tokenizers import (
        AddedToken,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    vocab, merges = pieces.vocab, pieces.merges
    model = models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    replace = normalizers.Replace(" ", "▁")
    if form == "legacy":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace])
    elif form == "plain":
        tokenizer.normalizer = replace
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", form, split)
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if form != "plain":
        steps.append(decoders.Strip(" ", 1, 0))
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 1)])
    added = [AddedToken(t, special=True, normalized=False) for t in pieces.special]
    tokenizer.add_special_tokens(added)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
