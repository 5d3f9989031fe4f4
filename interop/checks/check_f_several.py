"""Several adapters: combined by weight as PEFT does, side by side in one model; new tokens."""

from __future__ import annotations

import json

import peft
import pytest
import torch
from methods_made import base_model, config_of, distance, logits_of, reloaded, saved, started
from methods_table import lora
from parity_rows import training_rows
from peft import PeftModel, get_peft_model, load_peft_weights
from product import metrics
from safetensors.torch import load_file, save_file
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM, AutoTokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

ATTENTION = ["q_proj", "v_proj"]
WEIGHTS_FILE = "adapter_model.safetensors"
WEIGHTS = {"a": 0.7, "b": -0.4, "c": 1.5}
PATTERNED = {"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"q_proj": 3}}

# By the letters of the adapters: what PEFT trains, and how it combines them.
CASES = {
    "same targets": {"a": {}, "b": {}},
    "three": {"a": {}, "b": {}, "c": {"lora_alpha": 5}},
    "one": {"c": {"lora_alpha": 5}},
    "other targets": {"a": {"target_modules": ATTENTION}, "b": {"target_modules": ["up_proj"]}},
    "shared targets": {
        "a": {"target_modules": ATTENTION},
        "b": {"target_modules": ["v_proj", "layers.0.mlp.down_proj"]},
    },
    "expressions": {
        "a": {"target_modules": r".*\.0\.self_attn\.[qv]_proj"},
        "b": {"target_modules": r".*\.self_attn\.v_proj"},
    },
    "patterns": {"a": PATTERNED, "b": PATTERNED},
    "rslora": {"a": {"use_rslora": True}, "b": {"use_rslora": True}},
    "other ranks": {"a": {}, "b": {"r": 6}},
}
LINEAR = [name for name in CASES if name != "other ranks"]
# PEFT cuts singular vectors of a module that is narrower than the rank; its own file then misfits.
SVD_RANKS = {
    "same targets": 3,
    "three": 0,
    "other targets": 0,
    "shared targets": 2,
    "rslora": 5,
    "patterns": 0,
    "other ranks": 0,
}


def made(models, scratch, fields: dict, letter: str, base: str = "llama", seed: int = 0):
    """PEFT's folder of a trained adapter."""
    method = lora(f"several {letter}", base, **fields)
    name = f"several {letter} {abs(hash(json.dumps(fields, sort_keys=True)))} {base} {seed}"
    folder = scratch / name
    if not folder.exists():
        saved(started(method, models, seed=seed or 20 + ord(letter)), folder)
    return folder


def by_peft(models, folders: dict, weights: list[float], base: str = "llama", **how):
    """A PEFT model with the adapters of the folders, and their combination as `sum`."""
    names = list(folders)
    model = PeftModel.from_pretrained(base_model(models, base), folders[names[0]], names[0])
    for name in names[1:]:
        model.load_adapter(folders[name], name)
    model.add_weighted_adapter(names, weights, "sum", **how)
    model.set_adapter("sum")
    return model.eval()


def combine(workbench, folders: dict, weights: list[float], output, **settings):
    given = zip(folders.values(), weights, strict=True)
    parts = [{"path": str(path), "weight": weight} for path, weight in given]
    return workbench.run(
        "export",
        {
            "export.adapters": parts,
            "export.output": output,
            "export.format": "adapter",
            **{f"export.{key}": value for key, value in settings.items()},
        },
    )


def pair(tensors: dict, name: str):
    return tensors[name.replace(".lora_B.", ".lora_A.")], tensors[name]


@pytest.mark.parametrize(
    ("case", "how"),
    [(case, "linear") for case in LINEAR]
    + [(case, "cat") for case in CASES if case != "one"]
    + [(case, "svd") for case in SVD_RANKS],
)
def test_combines_as_peft(workbench, scratch, models, case, how):
    folders = {name: made(models, scratch, fields, name) for name, fields in CASES[case].items()}
    weights = [WEIGHTS[name] for name in folders]
    output = scratch / f"combined {case} {how}"
    rank = {"svd_rank": SVD_RANKS[case]} if how == "svd" and SVD_RANKS[case] else {}
    outcome = combine(workbench, folders, weights, output, combination_type=how, **rank)
    assert outcome.code == 0, outcome.output
    model = by_peft(models, folders, weights, combination_type=how, **rank)
    model.save_pretrained(scratch / f"sum {case} {how}", selected_adapters=["sum"])
    theirs = load_file(scratch / f"sum {case} {how}" / "sum" / "adapter_model.safetensors")
    ours = load_file(output / "adapter_model.safetensors")
    assert set(ours) == set(theirs)
    scale = {"rslora": config_of(output)["r"] ** 0.5}.get(case, 1.0)
    for name in ours:
        assert ours[name].dtype == torch.float32
        if ".lora_B." not in name:
            continue
        (a, b), (their_a, their_b) = pair(ours, name), pair(theirs, name)
        assert (b @ a - their_b @ their_a).abs().max() < 1e-5, name
        if how != "svd":
            inner = their_a.shape[0]
            assert (a[:inner] - their_a).abs().max() < 1e-5, name
            assert (b[:, :inner] - their_b).abs().max() < 1e-5, name
            assert not a[inner:].any() and not b[:, inner:].any(), name
    assert config_of(output)["lora_alpha"] == config_of(output)["r"]
    if case not in ("rslora", "patterns"):
        sum_config = config_of(scratch / f"sum {case} {how}" / "sum")
        assert config_of(output) == sum_config
    if scale == 1.0:
        rows = training_rows(43, 3)
        loaded = reloaded(lora("sum"), models, output)
        assert distance(logits_of(loaded, rows), logits_of(model, rows)) < 1e-4
        answers = workbench.answers(models.case("llama"), rows, output)
        assert distance(answers.logits, logits_of(loaded, rows)) < 1e-4


def changed(folder, target, config=(), tensors=lambda all: all):
    """A copy of an adapter folder with other fields or tensors."""
    target.mkdir()
    fields = {**json.loads((folder / "adapter_config.json").read_text()), **dict(config)}
    (target / "adapter_config.json").write_text(json.dumps(fields))
    save_file(tensors(load_file(folder / "adapter_model.safetensors")), target / WEIGHTS_FILE)
    return target


def without(word: str):
    return lambda all: {name: tensor for name, tensor in all.items() if word not in name}


def narrower(all: dict) -> dict:
    return {n: t[:, :-4].contiguous() if "q_proj.lora_A" in n else t for n, t in all.items()}


# What of the second adapter, and which settings besides, give which message.
REFUSED = {
    "dora": ({"use_dora": True}, {}, "it uses DoRA"),
    "biases": ({"bias": "all"}, {}, "it trains biases of the base (bias must be none"),
    "another r": ({"r": 6}, {"combination_type": "linear"}, "needs adapters of one rank"),
    "rank too large": ({}, {"svd_rank": 500}, "Invalid export.svd_rank: 500 (must be <= "),
    "rank unused": ({}, {"svd_rank": 3, "combination_type": "cat"}, "has no effect without"),
    "no combination": ({}, {"combination_type": "ties"}, "must be one of linear, cat, svd"),
    "saved twice": (
        {"modules_to_save": ["lm_head"]},
        {},
        "lm_head.weight is trained whole, as in ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(workbench, scratch, models, case):
    fields, settings, message = REFUSED[case]
    first = {"modules_to_save": ["lm_head"]} if case == "saved twice" else {}
    folders = {
        "a": made(models, scratch, first, "a", base="qwen2"),
        "b": made(models, scratch, fields, "b", base="qwen2"),
    }
    output = scratch / f"refused {case}"
    outcome = combine(workbench, folders, [0.5, 0.5], output, **settings)
    assert outcome.code == 2 and message in outcome.output, outcome.output
    assert not (output / "adapter_model.safetensors").exists()


CHANGED = {
    "no B": ({}, without("layers.1.mlp.up_proj.lora_B"), "up_proj.lora_A.weight stands without"),
    "no A": ({}, without("layers.1.mlp.up_proj.lora_A"), "up_proj.lora_B.weight stands without"),
    "another base's name": ({"base_model_name_or_path": "other/base"}, dict, "must be one base"),
    "another base's shape": ({}, narrower, "must belong to one base"),
    "ia3": ({"peft_type": "IA3", "feedforward_modules": []}, dict, "(must be LORA)"),
    "another rank": ({"r": 9}, dict, "are not those of rank 9"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_refuses_changed_folders(workbench, scratch, models, case):
    fields, tensors, message = CHANGED[case]
    plain = made(models, scratch, {}, "a")
    named = changed(plain, scratch / f"named {case}", {"base_model_name_or_path": "a/base"})
    folders = {"a": named, "b": changed(plain, scratch / f"changed {case}", fields, tensors)}
    outcome = combine(workbench, folders, [0.5, 0.5], scratch / f"out {case}")
    assert outcome.code == 2 and message in outcome.output, outcome.output


def test_a_missing_module_is_found_with_the_base(workbench, scratch, models):
    plain = made(models, scratch, {}, "a")
    folders = {"a": plain, "b": changed(plain, scratch / "short", {}, without("1.mlp.up_proj"))}
    settings = {
        "export.adapters": [{"path": str(path)} for path in folders.values()],
        "export.output": scratch / "out short",
        "export.format": "adapter",
    }
    outcome = workbench.run("export", {**settings, "model.path": models.case("llama")})
    assert outcome.code == 2 and "2 missing" in outcome.output, outcome.output
    outcome = workbench.run("export", {**settings, "adapter.path": plain})
    assert outcome.code == 2 and "no effect with export.adapters" in outcome.output


def test_a_module_saved_by_one_is_kept_as_it_is(workbench, scratch, models):
    folders = {
        "a": made(models, scratch, {"modules_to_save": ["lm_head"]}, "a"),
        "b": made(models, scratch, {}, "b"),
    }
    output = scratch / "combined with a head"
    assert combine(workbench, folders, [0.5, 0.5], output, combination_type="cat").code == 0
    saved_head = load_peft_weights(folders["a"])["base_model.model.lm_head.weight"]
    loaded = reloaded(lora("sum"), models, output)
    assert torch.equal(load_peft_weights(output)["base_model.model.lm_head.weight"], saved_head)
    rows = training_rows(43, 3)
    answers = workbench.answers(models.case("llama"), rows, output)
    assert distance(answers.logits, logits_of(loaded, rows)) < 1e-4


def test_a_combination_merges_into_a_model(workbench, scratch, models):
    folders = {"a": made(models, scratch, {}, "a"), "b": made(models, scratch, {}, "b")}
    merged = scratch / "merged sum"
    base = models.case("llama")
    outcome = combine(
        workbench, folders, [0.7, -0.4], merged, combination_type="cat", format="model"
    )
    assert outcome.code == 2 and "Missing model.path" in outcome.output, outcome.output
    settings = {
        "export.adapters": [
            {"path": str(folders["a"]), "weight": 0.7},
            {"path": str(folders["b"]), "weight": -0.4},
        ],
        "export.combination_type": "cat",
        "export.output": merged,
        "model.path": base,
    }
    workbench.must("export", settings)
    rows = training_rows(43, 3)
    theirs = logits_of(by_peft(models, folders, [0.7, -0.4], combination_type="cat"), rows)
    assert distance(workbench.answers(merged, rows).logits, theirs) < 1e-4


PROMPTS = [
    ("The lighthouse of Varn", "law"),
    ("瓦恩的灯塔", "law"),
    ("The lighthouse of Varn", "code"),
    ("The lighthouse of Varn", "none"),
    ("Station 7 lies", None),
    ("The lighthouse of Varn", "factors"),
    ("The lighthouse of Varn", "law"),
]
KINDS = {
    "law": (peft.LoraConfig, {"r": 4, "target_modules": "all-linear"}),
    "code": (peft.LoraConfig, {"r": 2, "target_modules": ["v_proj"], "use_dora": True}),
    "factors": (
        peft.IA3Config,
        {"target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]},
    ),
}


@pytest.fixture(scope="module")
def spoken(scratch, models):
    """PEFT's models by the names of their adapters, and the folders where PEFT saved them."""
    loaded, folders = {}, {}
    for seed, (name, (config, fields)) in enumerate(KINDS.items()):
        base = AutoModelForCausalLM.from_pretrained(models.spoken(), dtype=torch.float32).eval()
        torch.manual_seed(seed)
        model = get_peft_model(base, config(task_type="CAUSAL_LM", **fields), adapter_name=name)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.add_(0.15 * torch.randn(parameter.shape))
        model.eval().save_pretrained(scratch / "spoken adapters")
        # an adapter that is not named default is saved in a folder of its name
        folders[name] = scratch / "spoken adapters" / name
        loaded[name] = model
    loaded["none"] = AutoModelForCausalLM.from_pretrained(models.spoken(), dtype=torch.float32)
    return loaded, folders


def named(folders: dict) -> list[dict]:
    return [{"name": name, "path": str(path)} for name, path in folders.items()]


def test_rows_choose_their_adapter(workbench, scratch, models, spoken):
    loaded, folders = spoken
    questions, answers = scratch / "chosen.jsonl", scratch / "answers of chosen.jsonl"
    rows = [{"prompt": prompt, "adapter": name} for prompt, name in PROMPTS]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {
        "model.path": models.spoken(),
        "adapter.path": folders["code"],
        "generate.adapters": named(folders),
        "generate.input": questions,
        "generate.output": answers,
        "generate.chat": False,
        "generate.max_new_tokens": 16,
    }
    workbench.must("generate", settings)
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(models.spoken())
    texts = set()
    for line, (prompt, name) in zip(lines, PROMPTS, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        model = loaded[name or "code"]
        out = model.generate(**ids, do_sample=False, max_new_tokens=16)[0].tolist()
        text = tokenizer.decode(out[ids.input_ids.shape[1] :], skip_special_tokens=True)
        chosen = {"adapter": name} if name else {}
        assert line == {"prompt": prompt, **chosen, "answers": [text]}
        texts.add(text)
    assert len(texts) >= 5, "the adapters say the same"
    unknown = scratch / "unknown.jsonl"
    unknown.write_text(json.dumps({"prompt": "x", "adapter": "poem"}) + "\n")
    outcome = workbench.run("generate", {**settings, "generate.input": unknown})
    assert outcome.code == 2, outcome.output
    assert 'adapter "poem" (must be one of none, law, code, factors' in outcome.output
    outcome = workbench.run("generate", {**settings, "generate.adapters": named(folders) * 2})
    assert outcome.code == 2 and "name law (is given twice)" in outcome.output, outcome.output


def test_evaluates_each_adapter_as_alone(workbench, scratch, models):
    folders = {"a": made(models, scratch, {}, "a"), "b": made(models, scratch, {"r": 6}, "b")}
    shards = foreign_shards(scratch / "several rows", training_rows(47, 6))
    settings = {
        "model.path": models.case("llama"),
        "data.eval": [str(shards)],
        "data.allow_foreign": True,
    }

    def scores(name: str, more: dict) -> dict:
        output = scratch / f"scores {name}"
        workbench.must("evaluate", {**settings, "evaluate.output_dir": output, **more})
        return json.loads((output / "eval.json").read_text())

    together = scores("together", {"evaluate.adapters": named(folders)})
    assert together["data"] == scores("bare", {})["data"]
    assert [each["name"] for each in together["adapters"]] == ["a", "b"]
    for each in together["adapters"]:
        alone = scores(each["name"], {"adapter.path": folders[each["name"]]})
        assert each["data"] == alone["data"]
        assert each["data"] != together["data"]
    outcome = workbench.run(
        "evaluate", {**settings, "evaluate.adapters": [{"name": "x", "path": "nowhere"}]}
    )
    assert outcome.code == 2 and "evaluate.adapters[0].path" in outcome.output, outcome.output


def test_named_adapters_share_a_run_folder(workbench, scratch, models):
    rows = training_rows(51, 12)
    shards, out = foreign_shards(scratch / "named rows", rows), scratch / "named runs"
    folder = models.case("llama")
    short = {"train.max_steps": 3, "train.save_steps": 2, "adapter.r": 3}

    def settings(**more):
        return train_settings(folder, shards, out, **{**short, **more})

    lora_of = {"adapter.peft_type": "LORA"}
    workbench.must("train", settings(**lora_of))
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    law = {**lora_of, "adapter.adapter_name": "law", "train.seed": 43, "adapter.r": 5}
    workbench.must("train", settings(**law))
    going_on = {"adapter.path": out / "adapter" / "law", "adapter.adapter_name": "more"}
    del short["adapter.r"]
    workbench.must("train", settings(**going_on))
    assert all(path.read_bytes() == bytes_ for path, bytes_ in before.items())
    assert len(metrics(out / "adapter" / "law")) == 3
    assert (out / "adapter" / "law" / "checkpoints" / "step-000003").exists()
    model = PeftModel.from_pretrained(base_model(models, "llama"), out / "adapter").eval()
    model.load_adapter(out / "adapter" / "law", "law")
    model.load_adapter(out / "adapter" / "more", "more")
    few, told = rows[:3], []
    for name, path in {"default": "", "law": "law", "more": "more"}.items():
        model.set_adapter(name)
        answers = workbench.answers(folder, few, out / "adapter" / path)
        assert distance(answers.logits, logits_of(model, few)) < 1e-4, name
        told.append(answers.logits[0])
    assert not torch.equal(told[0], told[1]) and not torch.equal(told[1], told[2])
    for again in (law, lora_of):
        outcome = workbench.run("train", settings(**again))
        assert outcome.code == 2 and "it holds another run" in outcome.output, outcome.output
    resumed = {**law, "train.resume_from_checkpoint": "true"}
    assert workbench.run("train", settings(**resumed)).code == 0
    frozen = {"adapter.peft_type": "FREEZE", "adapter.adapter_name": "x"}
    outcome = workbench.run("train", settings(**frozen))
    assert outcome.code == 2 and "this run leaves a model" in outcome.output, outcome.output
    outcome = workbench.run("train", settings(**{**lora_of, "adapter.adapter_name": "a.b"}))
    assert outcome.code == 2 and "must be of letters" in outcome.output, outcome.output


def test_the_base_is_what_its_files_hold_after_any_adapter(workbench, scratch, models):
    """Where PEFT merges and unmerges, ours give the same logits and lose no byte."""
    folders = {"a": made(models, scratch, {}, "a"), "b": made(models, scratch, {"r": 6}, "b")}
    base, rows = models.case("llama"), training_rows(43, 3)
    weights = (base / "model.safetensors").read_bytes()
    theirs = PeftModel.from_pretrained(base_model(models, "llama"), folders["a"], "a").eval()
    theirs.load_adapter(folders["b"], "b")
    bare = workbench.answers(base, rows)
    for name in ("a", "b", "a"):
        theirs.set_adapter(name)
        theirs.merge_adapter([name])
        merged = logits_of(theirs, rows)
        theirs.unmerge_adapter()
        assert distance(workbench.answers(base, rows, folders[name]).logits, merged) < 1e-4
        output = scratch / f"merged {name}"
        settings = {"model.path": base, "adapter.path": folders[name], "export.output": output}
        workbench.must("export", settings)
        assert distance(workbench.answers(output, rows).logits, merged) < 1e-4
        after = workbench.answers(base, rows)
        assert all(torch.equal(a, b) for a, b in zip(after.logits, bare.logits, strict=True))
    assert (base / "model.safetensors").read_bytes() == weights


ROWS = 104  # of a vocabulary of 97


def resized(models, base: str):
    """transformers' own resizing, with the mean in the new rows as it would have without noise."""
    model = base_model(models, base)
    model.resize_token_embeddings(ROWS)
    with torch.no_grad():
        for matrix in (model.get_input_embeddings().weight, model.get_output_embeddings().weight):
            matrix[97:] = matrix[:97].double().mean(dim=0).float()
    return model


def with_new_tokens(seed: int) -> list[dict]:
    rows = training_rows(seed, 8)
    for i, row in enumerate(rows):
        row["input_ids"][1] = row["labels"][1] = 97 + i % (ROWS - 97)
    return rows


SAVED = {
    "llama": ["embed_tokens", "lm_head"],
    "qwen2": ["embed_tokens", "lm_head"],
    "qwen3": ["embed_tokens"],
    "mistral-linear": ["lm_head"],
}


@pytest.mark.parametrize("base", SAVED)
def test_an_adapter_of_a_resized_base_opens_and_goes_on(workbench, scratch, models, base):
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", r=3, target_modules=["q_proj"], modules_to_save=SAVED[base]
    )
    torch.manual_seed(5)
    model = get_peft_model(resized(models, base), config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape))
    adapter = saved(model, scratch / f"resized adapter {base}")
    rows, folder = with_new_tokens(61), models.case(base)
    answers = workbench.answers(folder, rows[:3], adapter, vocabulary=ROWS)
    assert distance(answers.logits, logits_of(model, rows[:3])) < 1e-4
    merged = scratch / f"resized merged {base}"
    workbench.must(
        "export", {"model.path": folder, "adapter.path": adapter, "export.output": merged}
    )
    loaded = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32).eval()
    assert loaded.config.vocab_size == ROWS
    assert distance(logits_of(loaded, rows[:3]), logits_of(model, rows[:3])) < 1e-4
    shards = foreign_shards(scratch / f"resized rows {base}", rows)
    out = scratch / f"resized run {base}"
    more = {"train.max_steps": 3, "adapter.path": adapter}
    settings = train_settings(folder, shards, out, **more)
    workbench.must("train", settings)
    again = PeftModel.from_pretrained(resized(models, base), out / "adapter").eval()
    answers = workbench.answers(folder, rows[:3], out / "adapter", vocabulary=ROWS)
    assert distance(answers.logits, logits_of(again, rows[:3])) < 1e-4


@pytest.mark.parametrize("base", ["llama", "qwen2"])
def test_new_tokens_are_trained(workbench, scratch, models, base):
    rows, folder = with_new_tokens(63), models.case(base)
    shards = foreign_shards(scratch / f"new rows {base}", rows)
    more = {"train.max_steps": 3, "model.resize_token_embeddings": ROWS}
    saving = {"adapter.peft_type": "LORA", "adapter.modules_to_save": ["embed_tokens", "lm_head"]}

    def run(name: str, **settings):
        out = scratch / f"{name} {base}"
        return out, workbench.run("train", train_settings(folder, shards, out, **settings))

    out, outcome = run("new full", **more)
    assert outcome.code == 0, outcome.output
    loaded = AutoModelForCausalLM.from_pretrained(out / "model", dtype=torch.float32).eval()
    assert loaded.config.vocab_size == ROWS
    answers = workbench.answers(out / "model", rows[:3])
    assert distance(answers.logits, logits_of(loaded, rows[:3])) < 1e-4
    new = loaded.get_input_embeddings().weight[97:]
    assert (new - new[0]).abs().max() > 1e-5, "the new rows were not trained"
    out, outcome = run("new lora", **more, **saving)
    assert outcome.code == 0, outcome.output
    model = PeftModel.from_pretrained(resized(models, base), out / "adapter").eval()
    answers = workbench.answers(folder, rows[:3], out / "adapter", vocabulary=ROWS)
    assert distance(answers.logits, logits_of(model, rows[:3])) < 1e-4
    exported = scratch / f"new checkpoint {base}"
    workbench.must("export", {"export.checkpoint": out, "export.output": exported})
    merged = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()
    assert distance(logits_of(merged, rows[:3]), logits_of(model, rows[:3])) < 1e-4
    out, outcome = run("new frozen", **more, **{"adapter.peft_type": "LORA"})
    assert outcome.code == 0, outcome.output
    model = PeftModel.from_pretrained(resized(models, base), out / "adapter").eval()
    answers = workbench.answers(folder, rows[:3], out / "adapter", vocabulary=ROWS)
    assert distance(answers.logits, logits_of(model, rows[:3])) < 1e-4
    _out, outcome = run("new few", **{**more, "model.resize_token_embeddings": 50})
    assert outcome.code == 2 and "must be >= vocab_size 97" in outcome.output, outcome.output
    _out, outcome = run("new none", **{"train.max_steps": 3})
    assert outcome.code in (2, 3) and "97" in outcome.output, outcome.output
    settings = {
        "model.path": folder,
        "data.eval": [str(shards)],
        "data.allow_foreign": True,
    }
    workbench.must("evaluate", {**settings, "adapter.path": out / "adapter"})
    outcome = workbench.run("evaluate", {**settings, "model.resize_token_embeddings": ROWS})
    assert outcome.code == 2 and "has no effect here" in outcome.output, outcome.output
