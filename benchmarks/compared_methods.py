"""The methods that `methods` and `methods-speed` compare, a line each; nothing is tuned for one.

Settings are the defaults of docs/methods.md, and where these leave something open, the paper's
value. The learning rate is LoRA's times the factor of the family, by the same page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "methods.md"
LORA_LIKE = 1
SMALL_VECTORS = 10
FACTORS = 30
WHOLE_WEIGHTS = 0.1


@dataclass(frozen=True)
class Compared:
    """A method.

    settings: ours, of `train`; STEPS stands for the steps of the run. rate: times LoRA's. peer: a
    class of PEFT and its fields, or what the Trainer does without PEFT (full, freeze, bitfit).
    same_step: the line whose step is the same arithmetic, so that it is not timed again. alone: why
    nobody else's step is beside it. lead: the least share of LoRA's lead over its peer; none where
    it is no method of PEFT's. note: beside its scores.
    """

    name: str
    settings: dict
    rate: float = LORA_LIKE
    peer: tuple[str, dict] | None = None
    same_step: str = ""
    alone: str = ""
    lead: float | None = 0.8
    note: str = ""
    more: dict = field(default_factory=dict)

    def all_settings(self, steps: int) -> dict:
        settings = {f"adapter.{key}": value for key, value in self.settings.items()} | self.more
        return {key: steps if value == STEPS else value for key, value in settings.items()}


STEPS = "STEPS"
LORA = {"peft_type": "LORA"}
PEFT_LORA = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}
PROMPT_LEAD = 0.7


def lora(name: str, *, settings=None, peer=None, **more) -> Compared:
    peft = None if peer is None else ("LoraConfig", {**PEFT_LORA, **peer})
    return Compared(name, {**LORA, **(settings or {})}, peer=peft, **more)


def prompt(name: str, settings: dict, rate: float, peer: str, fields: dict) -> Compared:
    fields = {"num_virtual_tokens": 20, **fields}
    return Compared(name, settings, rate, (peer, fields), lead=PROMPT_LEAD)


METHODS = [
    lora("LoRA", peer={}),
    lora("LoRA, rsLoRA", settings={"use_rslora": True}, same_step="LoRA"),
    lora("LoRA, DoRA", settings={"use_dora": True}, peer={"use_dora": True}),
    lora(
        "LoRA, PiSSA",
        settings={"init_lora_weights": "pissa_niter_4"},
        peer={"init_lora_weights": "pissa_niter_4"},
    ),
    lora("LoRA, OLoRA", settings={"init_lora_weights": "olora"}, same_step="LoRA, PiSSA"),
    lora("LoRA+, ratio 16", settings={"loraplus_lr_ratio": 16}, same_step="LoRA"),
    lora(
        "LoRA, NEFTune 5",
        more={"train.neftune_noise_alpha": 5},
        same_step="LoRA",
    ),
    lora(
        "QLoRA, NF4",
        more={"model.frozen_storage": "nf4"},
        alone="at most 1.3 of our LoRA's step is asked; bitsandbytes serves GPUs",
        note="scored with the weights of the files, as it is used",
    ),
    Compared(
        "AdaLoRA",
        {"peft_type": "ADALORA", "total_step": STEPS},
        peer=(
            "AdaLoraConfig",
            {"lora_alpha": 16, "target_modules": "all-linear", "total_step": STEPS},
        ),
        note="A and B begin at 0.02 and E at 0: so few steps hardly move their product",
    ),
    Compared(
        "VeRA",
        {"peft_type": "VERA"},
        SMALL_VECTORS,
        ("VeraConfig", {"r": 256, "target_modules": "all-linear"}),
    ),
    Compared(
        "OFT",
        {"peft_type": "OFT"},
        peer=("OFTConfig", {"r": 0, "oft_block_size": 32, "target_modules": "all-linear"}),
    ),
    Compared(
        "(IA)³",
        {"peft_type": "IA3"},
        FACTORS,
        (
            "IA3Config",
            {
                "target_modules": ["k_proj", "v_proj", "down_proj"],
                "feedforward_modules": ["down_proj"],
            },
        ),
    ),
    prompt("prompt tuning", {"peft_type": "PROMPT_TUNING"}, FACTORS, "PromptTuningConfig", {}),
    prompt(
        "P-tuning, MLP",
        {"peft_type": "P_TUNING"},
        LORA_LIKE,
        "PromptEncoderConfig",
        {"encoder_reparameterization_type": "MLP", "encoder_hidden_size": "hidden_size"},
    ),
    prompt(
        "P-tuning, LSTM",
        {"peft_type": "P_TUNING", "encoder_reparameterization_type": "lstm"},
        LORA_LIKE,
        "PromptEncoderConfig",
        {
            "encoder_reparameterization_type": "LSTM",
            "encoder_hidden_size": "hidden_size",
            "encoder_dropout": 0.0,
        },
    ),
    prompt(
        "prefix tuning",
        {"peft_type": "PREFIX_TUNING"},
        SMALL_VECTORS,
        "PrefixTuningConfig",
        {},
    ),
    prompt(
        "prefix tuning, projected",
        {"peft_type": "PREFIX_TUNING", "prefix_projection": True},
        LORA_LIKE,
        "PrefixTuningConfig",
        {"prefix_projection": True, "encoder_hidden_size": "keys_size"},
    ),
    Compared(
        "bottleneck, Houlsby",
        {"peft_type": "BOTTLENECK", "placement": "houlsby"},
        alone="PEFT has no such method",
        lead=None,
    ),
    Compared(
        "bottleneck, parallel",
        {"peft_type": "BOTTLENECK", "placement": "parallel"},
        alone="PEFT has no such method",
        lead=None,
    ),
    Compared(
        "diff pruning",
        {"peft_type": "DIFF_PRUNING"},
        alone="PEFT has no such method",
        lead=None,
    ),
    Compared("BitFit", {"peft_type": "BITFIT"}, SMALL_VECTORS, ("bitfit", {}), lead=None),
    Compared("frozen layers", {"peft_type": "FREEZE"}, WHOLE_WEIGHTS, ("freeze", {}), lead=None),
    Compared("full tuning", {}, WHOLE_WEIGHTS, ("full", {}), lead=None),
]


def require_complete() -> None:
    """Each method that the page's first table has, with a line here."""
    first = PAGE.read_text().split("## ")[0]
    known = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", first, re.M))
    missing = known - {method.settings.get("peft_type") for method in METHODS}
    if not known or missing:
        raise SystemExit(f"Missing in {Path(__file__).name}: {sorted(missing)} of {PAGE}")


def chosen(names: str) -> list[Compared]:
    """The methods whose names begin with one of these, parted by semicolons; empty: all."""
    if not names:
        return METHODS
    wanted = [name.strip().lower() for name in names.split(";")]
    for one in wanted:
        if not any(method.name.lower().startswith(one) for method in METHODS):
            known = "; ".join(method.name for method in METHODS)
            raise SystemExit(f"Invalid --methods: {one} (known: {known})")
    return [m for m in METHODS if m.name.lower().startswith(tuple(wanted))]
