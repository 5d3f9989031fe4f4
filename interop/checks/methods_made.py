"""The table of PEFT methods that the product must equal: a line a case."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import peft
import torch
from models_made import Models
from peft import PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
EXPORT_OWN = ("base_model_name_or_path", "inference_mode", "peft_version", "auto_mapping")


@dataclass(frozen=True)
class Method:
    """A PEFT configuration on one of the parity models."""

    name: str
    base: str
    config: type
    fields: dict
    more: dict = field(default_factory=dict)

    def configured(self):
        """A configuration of its own: PEFT writes into those that it is given."""
        return self.config(task_type="CAUSAL_LM", **json.loads(json.dumps(self.fields)))


def lora(name: str, base: str = "llama", more: dict | None = None, **fields) -> Method:
    usual = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
    return Method(f"lora {name}", base, peft.LoraConfig, {**usual, **fields}, more or {})


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

METHODS = [*LORA]


def base_model(models: Models, base: str):
    """The base of a case in fp32; a new one each time, since PEFT changes what it wraps."""
    folder = models.case(base)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def started(method: Method, models: Models, seed: int = 5):
    """A PEFT model whose trained tensors are away from the values that hide faults."""
    torch.manual_seed(seed)
    model = get_peft_model(base_model(models, method.base), method.configured()).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _name, parameter in sorted(model.named_parameters()):
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model


def saved(model, folder: Path) -> Path:
    """PEFT's own export, without the folder of a base that only this run has."""
    model.save_pretrained(folder)
    file = folder / "adapter_config.json"
    config = {**json.loads(file.read_text()), "base_model_name_or_path": None}
    file.write_text(json.dumps(config, indent=2, sort_keys=True))
    return folder


def reloaded(method: Method, models: Models, folder: Path):
    return PeftModel.from_pretrained(base_model(models, method.base), folder).eval()


def config_of(folder: Path) -> dict:
    """What PEFT reads of an adapter_config.json; an empty list says what an absent one says."""
    fields = peft.PeftConfig.from_pretrained(folder).to_dict()
    return {
        name: None if value in ([], set(), {}) else value
        for name, value in fields.items()
        if name not in EXPORT_OWN
    }
