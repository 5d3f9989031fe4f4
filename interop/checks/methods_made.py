"""PEFT's side of a method: configured, moved from its start, trained, saved and read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import peft
import torch
from models_made import Models
from parity_rows import row_logits
from parity_training import curve
from peft import PeftModel, get_peft_model
from plain_training import window_curve
from transformers import AutoModelForCausalLM

EXPORT_OWN = ("base_model_name_or_path", "inference_mode", "peft_version", "auto_mapping")
NEW_TOKENS = 12


@dataclass(frozen=True)
class Method:
    """A PEFT configuration on one of the parity models.

    more: settings of the product's run beside. free: fields that an export may give otherwise.
    optimizer: makes the Trainer's of a model, where it is not AdamW alone. clip: max_grad_norm,
    small enough to clip. merges: whether the base can take the method in.
    """

    name: str
    base: str
    config: type
    fields: dict
    more: dict = field(default_factory=dict)
    free: tuple[str, ...] = ()
    optimizer: Callable | None = None
    clip: float = 1.0
    merges: bool = True

    def configured(self):
        """A configuration of its own: PEFT writes into those that it is given."""
        return self.config(task_type="CAUSAL_LM", **json.loads(json.dumps(self.fields)))

    def trained(self, model, rows: list[dict]) -> list[dict]:
        """Twenty steps in place, by the Trainer where it can.

        AdaLoRA allocates between its lines; of virtual tokens before a row it counts one target
        too few where the row's first token is one.
        """
        clip = {"max_grad_norm": self.clip}
        if self.config is peft.AdaLoraConfig:
            return window_curve(model, rows, clip, penalty=orthogonality, after_step=allocate)
        if self.config in (peft.PromptTuningConfig, peft.PromptEncoderConfig):
            return window_curve(model, rows, clip)
        return curve(model, rows, optimizer=self.optimizer, max_grad_norm=self.clip)


def orthogonality(model) -> torch.Tensor:
    """What AdaLoraModel.forward adds to a loss, once a step whatever the micro-batches."""
    distances = []
    for name, p in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            square = p @ p.T if "lora_A" in name else p.T @ p
            distances.append(torch.norm(square - torch.eye(len(square)), p="fro"))
    weight = model.peft_config["default"].orth_reg_weight
    return weight * sum(distances) / len(distances)


def allocate(model, step: int) -> None:
    model.base_model.update_and_allocate(step)


def base_model(models: Models, base: str):
    """The base of a case in fp32; a new one each time, since PEFT changes what it wraps."""
    folder = models.case(base)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def started(method: Method, models: Models, seed: int = 5):
    """A PEFT model whose trained tensors are away from the values that hide faults."""
    base = base_model(models, method.base)
    torch.manual_seed(seed)
    model = get_peft_model(base, method.configured()).eval()
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


def config_of(folder: Path, free: tuple[str, ...] = ()) -> dict:
    """What PEFT reads of an adapter_config.json; an empty list says what an absent one says."""
    fields = peft.PeftConfig.from_pretrained(folder).to_dict()
    return {
        name: None if value in ([], set(), {}) else value
        for name, value in fields.items()
        if name not in EXPORT_OWN + free
    }


def logits_of(model, rows: list[dict]) -> list[torch.Tensor]:
    """A [length, vocabulary] tensor for each row, without the rows of virtual tokens."""
    with torch.no_grad():
        return [row_logits(model, row)[-len(row["input_ids"]) :] for row in rows]


def distance(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True))


def greedy(model, rows: list[dict]) -> list[list[int]]:
    """What transformers' generate says behind the first half of each row."""
    said = []
    for row in rows:
        ids = torch.tensor([row["input_ids"][: (len(row["input_ids"]) + 1) // 2]])
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=NEW_TOKENS,
            eos_token_id=-1,
            pad_token_id=0,
        )
        said.append(out[0, ids.shape[1] :].tolist())
    return said
