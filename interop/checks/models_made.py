"""Model folders: random weights from the parity cases, tokenizer files beside them."""

from __future__ import annotations

import shutil
from pathlib import Path


class Models:
    """Writes each case once."""

    def __init__(self, folder: Path, tokenizer: Path):
        self.folder = folder
        self.tokenizer = tokenizer

    def case(self, name: str, seed: int = 3) -> Path:
        """A model of vocabulary 97, for shards of ids made in Python."""
        from parity_models import build

        target = self.folder / f"{name}-{seed}"
        if not target.exists():
            build(name, seed).save_pretrained(target)
        return target

    def spoken(self) -> Path:
        """A Qwen3 of odd sizes whose vocabulary is the small tokenizer's."""
        import torch
        from transformers import Qwen3Config, Qwen3ForCausalLM

        target = self.folder / "spoken"
        if target.exists():
            return target
        torch.manual_seed(8)
        config = Qwen3Config(
            vocab_size=501,
            hidden_size=44,
            intermediate_size=102,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=14,
            max_position_embeddings=512,
            initializer_range=0.1,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=None,
        )
        Qwen3ForCausalLM(config).save_pretrained(target)
        for file in self.tokenizer.iterdir():
            shutil.copy(file, target / file.name)
        return target
