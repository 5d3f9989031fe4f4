"""The table of methods that the product must equal: a line a case."""

from __future__ import annotations

import peft
import torch
from methods_made import Method
from parity_training import SETTINGS
from peft.optimizers import create_loraplus_optimizer

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
TOKENS = [3, 17, 40, 96]
# An export may stand for W + BA - B0A0 as PEFT does, or as a plain LoRA of twice the rank.
CONVERTED = ("init_lora_weights", "r", "lora_alpha", "rank_pattern", "alpha_pattern")
LORA_PLUS = {"adapter.loraplus_lr_ratio": 4}
RATES = {**LORA_PLUS, "adapter.loraplus_lr_embedding": 5e-3}


def lora(
    name: str, base: str = "llama", *, more=None, free=(), optimizer=None, merges=True, **fields
) -> Method:
    usual = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **fields}
    return Method(
        f"lora {name}", base, peft.LoraConfig, usual, more or {}, free, optimizer, merges=merges
    )


def lora_plus(model):
    return create_loraplus_optimizer(
        model,
        torch.optim.AdamW,
        lr=SETTINGS["learning_rate"],
        loraplus_lr_ratio=RATES["adapter.loraplus_lr_ratio"],
        loraplus_lr_embedding=RATES["adapter.loraplus_lr_embedding"],
        loraplus_weight_decay=SETTINGS["weight_decay"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
    )


def ia3(name: str, base: str, **fields) -> Method:
    usual = {
        "target_modules": ["k_proj", "v_proj", "down_proj"],
        "feedforward_modules": ["down_proj"],
    }
    return Method(f"ia3 {name}".strip(), base, peft.IA3Config, {**usual, **fields}, clip=0.2)


def adalora(name: str, base: str, **fields) -> Method:
    steps = {"total_step": SETTINGS["max_steps"], "tinit": 3, "tfinal": 4, "deltaT": 1}
    rule = {**steps, "orth_reg_weight": 0.5, **fields}
    usual = {"init_r": 6, "target_r": 3, "lora_alpha": 8, "target_modules": "all-linear", **rule}
    # What the allocator does is the run's own: settings say it, whatever the start's file holds.
    more = {f"adapter.{key}": rule[key] for key in (*steps, "orth_reg_weight")}
    name = f"adalora {name}".strip()
    return Method(name, base, peft.AdaLoraConfig, usual, more, free=("r",), clip=0.1)


def prompt(kind: str, base: str, config: type, **fields) -> Method:
    usual = {"num_virtual_tokens": 5, **fields}
    name = " ".join([kind, base, *(f"{v}" for v in fields.values())])
    return Method(
        name,
        base,
        config,
        usual,
        free=("prompt_tuning_init", "init_weights"),
        clip=0.1,
        merges=False,
    )


LORA = [
    lora("plain"),
    lora("rslora", "qwen3", use_rslora=True),
    lora(
        "rank and alpha by pattern",
        "mistral-linear",
        target_modules=ATTENTION,
        rank_pattern={"q_proj": 2, r"layers\.1\..*v_proj": 6},
        alpha_pattern={"layers.0.self_attn.k_proj": 3},
    ),
    lora(
        "rslora by pattern",
        "llama3-rope",
        use_rslora=True,
        rank_pattern={"down_proj": 9},
        alpha_pattern={"up_proj": 5},
    ),
    lora("exclude_modules", "qwen2", exclude_modules=["gate_proj", "layers.0.self_attn.v_proj"]),
    lora("excluded by expression", "qwen3", exclude_modules=r".*\.mlp\..*"),
    lora("layers_to_transform", "llama", target_modules=ATTENTION, layers_to_transform=[1]),
    lora(
        "layers_pattern",
        "qwen2",
        target_modules=["q_proj", "down_proj"],
        layers_to_transform=[0],
        layers_pattern=["layers"],
    ),
    lora(
        "targets by expression",
        "mistral-linear",
        target_modules=r".*\.(0\.self_attn\.[qv]|1\.mlp\.down)_proj",
    ),
]

TRAINED_BASE = [
    lora("bias all", "qwen2", bias="all", target_modules=["q_proj", "v_proj", "down_proj"]),
    lora("bias lora_only", "qwen2", bias="lora_only", target_modules=["q_proj", "down_proj"]),
    lora("lora_bias", "qwen2", lora_bias=True, target_modules=["q_proj", "k_proj", "v_proj"]),
    lora("lora_bias without biases", "qwen3", lora_bias=True, merges=False),
    lora("lm_head saved", "llama", modules_to_save=["lm_head"]),
    lora("embed_tokens saved", "qwen3", modules_to_save=["embed_tokens"]),
    lora("both saved", "mistral-linear", modules_to_save=["embed_tokens", "lm_head"]),
    lora("tied lm_head saved", "qwen2", modules_to_save=["lm_head"]),
    lora("tied embed_tokens saved", "llama3-rope", modules_to_save=["embed_tokens"]),
    lora("tied both saved", "qwen2", modules_to_save=["embed_tokens", "lm_head"]),
    lora("norms saved", "qwen3", modules_to_save=["norm", "q_norm", "input_layernorm"]),
    lora("a block saved", "llama", target_modules=["q_proj"], modules_to_save=["mlp"]),
    lora("a linear saved", "qwen2", modules_to_save=["k_proj"]),
    lora(
        "all at once",
        "qwen2",
        bias="all",
        modules_to_save=["lm_head"],
        use_rslora=True,
        rank_pattern={"v_proj": 3},
    ),
]
EMBEDDINGS = [
    lora("on embed_tokens", "llama", target_modules=["embed_tokens", "q_proj"]),
    lora("on lm_head", "qwen3", target_modules=["lm_head", "v_proj"]),
    lora("on both", "mistral-linear", target_modules=["lm_head", "embed_tokens", "up_proj"]),
    lora("on tied embed_tokens", "llama3-rope", target_modules=["embed_tokens", "q_proj"]),
    lora("on tied lm_head", "qwen2", target_modules=["lm_head", "q_proj"]),
    lora("on tied both", "qwen2", target_modules=["lm_head", "embed_tokens", "v_proj"]),
    lora(
        "on embed_tokens by pattern",
        "qwen3",
        target_modules=["embed_tokens", "lm_head"],
        rank_pattern={"embed_tokens": 2},
        alpha_pattern={"lm_head": 3},
        use_rslora=True,
    ),
    lora("new tokens", "llama", trainable_token_indices=TOKENS),
    lora("new tokens by name", "qwen3", trainable_token_indices={"embed_tokens": TOKENS}),
    lora("tied new tokens", "qwen2", trainable_token_indices=TOKENS),
]
DORA = [
    lora("dora", "llama", use_dora=True),
    lora("dora with biases", "qwen2", use_dora=True, bias="all"),
    lora(
        "dora rslora by pattern",
        "qwen3",
        use_dora=True,
        use_rslora=True,
        rank_pattern={"q_proj": 2},
        target_modules=ATTENTION,
    ),
]
INITIAL = [
    lora("gaussian", "llama", init_lora_weights="gaussian", free=("init_lora_weights",)),
    lora("pissa", "qwen3", init_lora_weights="pissa", free=CONVERTED),
    lora(
        "pissa rslora by pattern",
        "qwen2",
        init_lora_weights="pissa",
        use_rslora=True,
        rank_pattern={"q_proj": 3},
        alpha_pattern={"v_proj": 5},
        free=CONVERTED,
    ),
    lora("olora", "mistral-linear", init_lora_weights="olora", free=CONVERTED),
    lora("olora with biases", "qwen2", init_lora_weights="olora", free=CONVERTED),
]
PLUS = [
    lora("plus", "qwen3", more=LORA_PLUS, optimizer=lora_plus),
    lora("plus with biases", "qwen2", more=LORA_PLUS, optimizer=lora_plus, bias="all"),
    lora(
        "plus on embed_tokens",
        "llama",
        more=RATES,
        optimizer=lora_plus,
        target_modules=["embed_tokens", "q_proj", "lm_head"],
    ),
    lora("plus dora", "llama3-rope", more=LORA_PLUS, optimizer=lora_plus, use_dora=True),
]
IA3 = [
    ia3("", "llama"),
    ia3("attention alone", "qwen3", target_modules=["q_proj", "o_proj"], feedforward_modules=[]),
    ia3("with biases", "qwen2", target_modules=["q_proj", "k_proj", "v_proj", "down_proj"]),
    ia3(
        "all feedforward",
        "mistral-linear",
        target_modules=["up_proj", "down_proj"],
        feedforward_modules=["up_proj", "down_proj"],
    ),
    ia3("lm_head saved", "qwen2", modules_to_save=["lm_head"]),
]
ADALORA = [
    adalora("", "llama"),
    adalora("every second step", "qwen2", deltaT=2, tinit=4, tfinal=5, orth_reg_weight=0.1),
    adalora("without regulariser", "qwen3", orth_reg_weight=0.0, target_modules=ATTENTION),
    adalora("lm_head saved", "llama", modules_to_save=["lm_head"]),
]
PROMPTS = [
    prompt("tuning", "llama", peft.PromptTuningConfig),
    prompt("tuning", "qwen2", peft.PromptTuningConfig, num_virtual_tokens=1),
    prompt("tuning", "qwen3", peft.PromptTuningConfig, prompt_tuning_init="SAMPLE_VOCAB"),
    prompt("prefix", "llama", peft.PrefixTuningConfig),
    prompt("prefix", "qwen2", peft.PrefixTuningConfig, num_virtual_tokens=1),
    prompt("prefix", "qwen3", peft.PrefixTuningConfig),
    prompt("prefix", "llama3-rope", peft.PrefixTuningConfig, num_virtual_tokens=7),
    prompt("prefix", "mistral-linear", peft.PrefixTuningConfig),
]
DOORS = [
    Method("vera", "llama", peft.VeraConfig, {"r": 5, "target_modules": "all-linear"}, clip=0.1),
    Method(
        "vera with biases",
        "qwen2",
        peft.VeraConfig,
        {"r": 6, "target_modules": ["q_proj", "v_proj"], "bias": "all"},
        clip=0.3,
    ),
    Method(
        "oft",
        "llama",
        peft.OFTConfig,
        {"r": 0, "oft_block_size": 4, "target_modules": "all-linear"},
    ),
    Method(
        "oft exact",
        "qwen2",
        peft.OFTConfig,
        {"r": 0, "oft_block_size": 8, "target_modules": ATTENTION, "use_cayley_neumann": False},
    ),
]
METHODS = [
    *LORA,
    *TRAINED_BASE,
    *EMBEDDINGS,
    *DORA,
    *INITIAL,
    *PLUS,
    *IA3,
    *ADALORA,
    *PROMPTS,
    *DOORS,
]
# Nothing to train for bias: a setting of ours that says so is refused, a file of PEFT is not.
FROM_FILES = [lora("bias all of none", "llama", bias="all")]
