"""`plan` counts what PEFT trains, for published shapes, without any weights."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import peft
import pytest
import torch
from not_yet import expected
from parity_rows import training_rows
from peft import get_peft_model
from training_made import foreign_shards
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

NOT_YET: dict[str, str] = {}
ROPE = {"rope_type": "default", "rope_theta": 500000.0}
SHAPES = {
    "Llama-3-8B": LlamaConfig(
        vocab_size=128256,
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
        rope_parameters=ROPE,
        architectures=["LlamaForCausalLM"],
    ),
    "Qwen2.5-7B": Qwen2Config(
        vocab_size=152064,
        hidden_size=3584,
        intermediate_size=18944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=4,
        max_position_embeddings=32768,
        tie_word_embeddings=False,
        rope_parameters=ROPE,
        architectures=["Qwen2ForCausalLM"],
    ),
    "Qwen3-8B": Qwen3Config(
        vocab_size=151936,
        hidden_size=4096,
        intermediate_size=12288,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40960,
        tie_word_embeddings=False,
        rope_parameters=ROPE,
        architectures=["Qwen3ForCausalLM"],
    ),
    # Tied, and with biases.
    "Qwen2.5-0.5B": Qwen2Config(
        vocab_size=151936,
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=24,
        num_attention_heads=14,
        num_key_value_heads=2,
        max_position_embeddings=32768,
        tie_word_embeddings=True,
        rope_parameters=ROPE,
        architectures=["Qwen2ForCausalLM"],
    ),
}


@dataclass(frozen=True)
class Counted:
    """A configuration of PEFT; its fields are our settings."""

    config: type
    fields: dict = field(default_factory=dict)


def lora(**fields) -> Counted:
    return Counted(peft.LoraConfig, {"r": 16, "target_modules": "all-linear", **fields})


CASES = {
    "lora": lora(),
    "lora on q and v": lora(target_modules=["q_proj", "v_proj"]),
    "lora by pattern": lora(rank_pattern={"down_proj": 4, r".*\.0\.self_attn\.q_proj": 64}),
    "lora in some layers": lora(target_modules=["q_proj", "up_proj"], layers_to_transform=[0, 5]),
    "dora": lora(use_dora=True),
    "pissa": lora(init_lora_weights="pissa_niter_1", target_modules=["k_proj"]),
    "biases": lora(bias="all"),
    "lora_bias": lora(lora_bias=True),
    "head and embeddings saved": lora(modules_to_save=["lm_head", "embed_tokens"]),
    "lora on both ends": lora(target_modules=["q_proj", "lm_head", "embed_tokens"]),
    "new tokens": lora(trainable_token_indices=[1, 2, 3]),
    "ia3": Counted(
        peft.IA3Config,
        {
            "target_modules": ["k_proj", "v_proj", "down_proj"],
            "feedforward_modules": ["down_proj"],
        },
    ),
    "adalora": Counted(
        peft.AdaLoraConfig,
        {"init_r": 12, "target_r": 8, "total_step": 100, "target_modules": "all-linear"},
    ),
    "prompt tuning": Counted(peft.PromptTuningConfig, {"num_virtual_tokens": 20}),
    "p-tuning mlp": Counted(
        peft.PromptEncoderConfig, {"num_virtual_tokens": 20, "encoder_hidden_size": 256}
    ),
    "p-tuning lstm": Counted(
        peft.PromptEncoderConfig,
        {
            "num_virtual_tokens": 20,
            "encoder_hidden_size": 128,
            "encoder_reparameterization_type": "LSTM",
            "encoder_num_layers": 2,
        },
    ),
    "prefix": Counted(peft.PrefixTuningConfig, {"num_virtual_tokens": 20}),
    "prefix projected": Counted(
        peft.PrefixTuningConfig,
        {"num_virtual_tokens": 20, "prefix_projection": True, "encoder_hidden_size": 128},
    ),
    "vera": Counted(peft.VeraConfig, {"r": 64, "target_modules": "all-linear"}),
    "oft": Counted(
        peft.OFTConfig, {"r": 0, "oft_block_size": 32, "target_modules": ["q_proj", "v_proj"]}
    ),
}
TRAINED = re.compile(r"trained: +([0-9,]+) by")


@pytest.fixture(scope="module")
def shards(scratch):
    return foreign_shards(scratch / "counted rows", training_rows(47, 8))


@pytest.fixture(scope="module")
def folders(scratch) -> dict[str, Path]:
    """Of each shape a folder with its config.json alone."""
    made = {}
    for name, config in SHAPES.items():
        made[name] = scratch / "shapes" / name
        config.save_pretrained(made[name])
    return made


def trained_by_peft(shape: str, case: Counted) -> int:
    fields = dict(case.fields)
    if "pissa" in str(fields.get("init_lora_weights")):
        fields["init_lora_weights"] = True  # nothing to decompose on the meta device
    with torch.device("meta"):
        base = AutoModelForCausalLM.from_config(SHAPES[shape], dtype=torch.bfloat16)
        model = get_peft_model(base, case.config(task_type="CAUSAL_LM", **fields))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def sensible(shape: str, name: str) -> bool:
    """Training the biases of a model that has none is an error of ours."""
    return name != "biases" or SHAPES[shape].model_type == "qwen2"


@pytest.mark.parametrize(
    ("shape", "name"), [(s, n) for s in SHAPES for n in CASES if sensible(s, n)]
)
def test_counts(workbench, scratch, folders, shards, shape, name):
    case = CASES[name]
    wanted = trained_by_peft(shape, case)
    assert wanted > 0

    def against_the_product():
        kind = case.config(task_type="CAUSAL_LM", **dict(case.fields)).peft_type.value
        adapter = {f"adapter.{key}": value for key, value in case.fields.items()}
        settings = {
            "model.path": folders[shape],
            "model.from_scratch": True,
            "data.train": [str(shards)],
            "data.allow_foreign": True,
            "train.output_dir": scratch / "counts",
            "adapter.peft_type": kind,
            **adapter,
        }
        # A host too small for the run is told the count all the same.
        said = workbench.run("plan", settings).output
        found = TRAINED.search(said)
        assert found, said
        assert int(found[1].replace(",", "")) == wanted

    expected(NOT_YET, name, against_the_product)
