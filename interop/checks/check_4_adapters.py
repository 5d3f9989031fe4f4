"""What the product writes loads in PEFT and transformers and gives the product's logits."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from logits import product_logits
from parity_rows import row_logits, training_rows
from peft import PeftModel, get_peft_model_state_dict, load_peft_weights
from product import metrics
from safetensors.torch import load_file
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM, AutoTokenizer
from weights_made import IDS, folders, from_transformers

CLOSE = 1e-4
CASES = ("llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear")


@pytest.fixture(scope="module")
def rows():
    return training_rows(31, 12)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "adapter rows", rows)


@pytest.fixture(scope="module")
def adapter_of(product, scratch, models, shards):
    """Trains an adapter for a case, once; answers the run's folder."""

    def train(case):
        output = scratch / f"adapter of {case}"
        if not output.exists():
            settings = train_settings(models.case(case), shards, output)
            more = {"adapter.peft_type": "LORA", "adapter.r": 4, "adapter.lora_alpha": 8}
            settings.update({"train.max_steps": 6, "train.learning_rate": 0.02, **more})
            product.must("train", settings)
        return output

    return train


def largest_distance(model, rows, ours) -> float:
    with torch.no_grad():
        return max(
            float((row_logits(model, row) - mine).abs().max())
            for row, mine in zip(rows, ours, strict=True)
        )


@pytest.mark.parametrize("case", CASES)
def test_adapter_loads_in_peft(product, scratch, models, rows, adapter_of, case):
    run = adapter_of(case)
    base = AutoModelForCausalLM.from_pretrained(models.case(case), dtype=torch.float32).eval()
    adapted = PeftModel.from_pretrained(base, run / "adapter").eval()
    in_file = load_peft_weights(run / "adapter", device="cpu")
    wanted = get_peft_model_state_dict(adapted)
    assert set(in_file) == set(wanted), f"{sorted(set(in_file) ^ set(wanted))}"
    assert all(in_file[key].dtype == torch.float32 for key in in_file)
    for key, tensor in in_file.items():
        assert torch.equal(tensor, wanted[key]), key
    moved = [float(t.abs().max()) for key, t in in_file.items() if "lora_B" in key]
    assert min(moved) > 0, "an untrained lora_B"
    ours = product_logits(product, models.case(case), rows, scratch, adapter=run / "adapter")
    assert largest_distance(adapted, rows, ours) < CLOSE
    merged = adapted.merge_and_unload()
    assert largest_distance(merged, rows, ours) < CLOSE


@pytest.fixture(scope="module")
def merged_of(product, scratch, models, adapter_of):
    """Exports a case's model with its adapter merged, once; answers the folder."""

    def export(case):
        output = scratch / f"merged {case}"
        if not output.exists():
            settings = {"model.path": models.case(case), "export.output": output}
            product.must("export", {**settings, "adapter.path": adapter_of(case) / "adapter"})
        return output

    return export


@pytest.mark.parametrize("case", CASES)
def test_merged_model_loads_in_transformers(models, rows, adapter_of, merged_of, case):
    merged = load_whole(merged_of(case))
    base = AutoModelForCausalLM.from_pretrained(models.case(case), dtype=torch.float32).eval()
    by_peft = PeftModel.from_pretrained(base, adapter_of(case) / "adapter").merge_and_unload()
    with torch.no_grad():
        theirs = [row_logits(by_peft.eval(), row) for row in rows]
    assert largest_distance(merged, rows, theirs) < CLOSE


def load_whole(folder):
    """A model folder in transformers, with no missing and no unexpected key."""
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    assert not report["missing_keys"], report["missing_keys"]
    assert not report["unexpected_keys"], report["unexpected_keys"]
    assert not report["mismatched_keys"], report["mismatched_keys"]
    return model.eval()


@pytest.mark.parametrize("case", ["qwen2", "qwen3"])
def test_trained_model_loads_in_transformers(product, scratch, models, rows, shards, case):
    output = scratch / f"full {case}"
    settings = train_settings(models.case(case), shards, output, **{"train.max_steps": 3})
    product.must("train", settings)
    model = load_whole(output / "model")
    ours = product_logits(product, output / "model", rows, scratch)
    assert largest_distance(model, rows, ours) < CLOSE


def test_split_model_loads_in_transformers(product, scratch, models, adapter_of, merged_of):
    """A folder with an index of several weight files, read and written."""
    source = scratch / "split source"
    base = AutoModelForCausalLM.from_pretrained(models.case("qwen3"), dtype=torch.float32)
    base.save_pretrained(source, max_shard_size="40KB")
    assert (source / "model.safetensors.index.json").exists()
    output = scratch / "split merged"
    run = adapter_of("qwen3")
    settings = {"model.path": source, "adapter.path": run / "adapter", "export.output": output}
    product.must("export", settings)
    one, many = load_whole(merged_of("qwen3")), load_whole(output)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, many.state_dict()[name]), name


def test_export_in_float16(product, scratch, models, adapter_of, merged_of):
    output = scratch / "merged float16"
    run = adapter_of("qwen3")
    settings = {"model.path": models.case("qwen3"), "adapter.path": run / "adapter"}
    product.must("export", {**settings, "export.output": output, "export.dtype": "fp16"})
    loaded = AutoModelForCausalLM.from_pretrained(output)
    assert loaded.dtype == torch.float16
    wide = load_whole(merged_of("qwen3")).state_dict()
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, wide[name].half()), name


@pytest.fixture(scope="module")
def uncommon(scratch):
    """Folders by their names; one more has an index of absolute paths."""
    made = {folder.name: folder for folder in folders(scratch / "uncommon weights")}
    absolute = scratch / "uncommon weights" / "absolute"
    shutil.copytree(made["stale-first"], absolute)
    index = absolute / "model.safetensors.index.json"
    text = json.loads(index.read_text())
    places = {name: str(absolute / file) for name, file in text["weight_map"].items()}
    index.write_text(json.dumps({**text, "weight_map": places}))
    return {**made, "absolute": absolute}


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("tied-differs", "lm_head.weight differs from model.embed_tokens.weight"),
        ("tied-head-alone", "lm_head.weight, tied to it, is read for both"),
        ("extra", "3 stored tensors are not of LlamaForCausalLM"),
        ("stale-last", "that of model-00002-of-00002.safetensors is read"),
        ("absolute", "that of model-00002-of-00002.safetensors is read"),
    ],
)
def test_uncommon_weights_are_read_as_transformers_reads_them(
    product, scratch, uncommon, name, warning
):
    folder = uncommon[name]
    model, _ignored = from_transformers(folder)
    rows = [{"input_ids": IDS}]
    ours = product_logits(product, folder, rows, scratch)
    assert largest_distance(model, rows, ours) < 1e-5
    assert warning in product.must("inspect", {"inspect.path": folder}).output


def test_training_keeps_an_output_matrix_that_differs(product, scratch, uncommon):
    """Full tuning at a learning rate of next to nothing gives both matrices back."""
    rows = [{"input_ids": IDS, "labels": IDS}] * 4
    shards = foreign_shards(scratch / "uncommon rows", rows)
    output = scratch / "uncommon run"
    settings = train_settings(uncommon["tied-differs"], shards, output)
    small = {"train.max_steps": 1, "train.learning_rate": 1e-9, "train.weight_decay": 0}
    outcome = product.must("train", {**settings, **small})
    assert "lm_head.weight differs from model.embed_tokens.weight" in outcome.output
    before, _ignored = from_transformers(uncommon["tied-differs"])
    after = load_whole(output / "model")
    assert after.config.tie_word_embeddings is False
    assert torch.allclose(after.lm_head.weight, before.lm_head.weight, atol=1e-6)
    assert torch.allclose(
        after.model.embed_tokens.weight, before.model.embed_tokens.weight, atol=1e-6
    )


def test_generated_text_equals_transformers(product, scratch, models):
    """Greedy answers of the product, by transformers' generate; base model, no chat template."""
    folder = models.spoken()
    prompts = ["The lighthouse of Varn", "瓦恩的灯塔", "Station 7 lies", "x"]
    questions, answers = scratch / "prompts.jsonl", scratch / "answers.jsonl"
    questions.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in prompts))
    product.must(
        "generate",
        {
            "model.path": folder,
            "generate.input": questions,
            "generate.output": answers,
            "generate.chat": False,
            "generate.max_new_tokens": 24,
            "generate.repetition_penalty": 1.2,
            "generate.no_repeat_ngram_size": 3,
        },
    )
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(prompts)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for line, prompt in zip(lines, prompts, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        out = model.generate(
            **ids,
            do_sample=False,
            max_new_tokens=24,
            repetition_penalty=1.2,
            no_repeat_ngram_size=3,
        )
        new = out[0, ids.input_ids.shape[1] :]
        text = tokenizer.decode(new, skip_special_tokens=True)
        assert line == {"prompt": prompt, "answers": [text]}


def test_adapter_config_holds_long_lived_keys(adapter_of):
    config = json.loads((adapter_of("llama") / "adapter" / "adapter_config.json").read_text())
    assert config["peft_type"] == "LORA" and config["task_type"] == "CAUSAL_LM"
    assert (config["r"], config["lora_alpha"]) == (4, 8)
    assert config["inference_mode"] is True
    weights = load_file(adapter_of("llama") / "adapter" / "adapter_model.safetensors")
    assert all(name.startswith("base_model.model.model.layers.") for name in weights)
    assert len(metrics(adapter_of("llama"))) == 6
