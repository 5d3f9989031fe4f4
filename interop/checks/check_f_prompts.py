"""Answers of the generate job with virtual tokens, from PEFT's own folders."""

from __future__ import annotations

import json

import peft
import pytest
import torch
from peft import get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

SPOKEN = [
    ("prompt", peft.PromptTuningConfig, {}),
    ("p-tuning", peft.PromptEncoderConfig, {"encoder_hidden_size": 16}),
    ("prefix", peft.PrefixTuningConfig, {}),
    ("prefix projected", peft.PrefixTuningConfig, {"prefix_projection": True}),
]


@pytest.mark.parametrize(("name", "config", "fields"), SPOKEN, ids=lambda v: str(v)[:20])
def test_greedy_answers_equal_transformers(product, scratch, models, name, config, fields):
    folder = models.spoken()
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    torch.manual_seed(3)
    model = get_peft_model(base, config(task_type="CAUSAL_LM", num_virtual_tokens=4, **fields))
    adapter = scratch / f"spoken {name}"
    model.eval().save_pretrained(adapter)
    prompts = ["The lighthouse of Varn", "瓦恩的灯塔", "Station 7 lies", "x"]
    questions, answers = scratch / f"{name}.jsonl", scratch / f"answers of {name}.jsonl"
    questions.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in prompts))
    settings = {
        "model.path": folder,
        "adapter.path": adapter,
        "generate.input": questions,
        "generate.output": answers,
        "generate.chat": False,
        "generate.max_new_tokens": 24,
    }
    product.must("generate", settings)
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    bare = 0
    for line, prompt in zip(lines, prompts, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        out = model.generate(**ids, do_sample=False, max_new_tokens=24)[0].tolist()
        given = ids.input_ids[0].tolist()
        new = out[len(given) :] if out[: len(given)] == given else out
        text = tokenizer.decode(new, skip_special_tokens=True)
        assert line == {"prompt": prompt, "answers": [text]}
        with model.disable_adapter():
            bare += base.generate(**ids, do_sample=False, max_new_tokens=24)[0].tolist() == out
    assert bare < len(prompts), "the virtual tokens change nothing"
