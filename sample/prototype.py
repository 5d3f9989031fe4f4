#!/usr/bin/env python3
"""The sample's recipe in plain PyTorch: what README.md's table of exact matches was measured with.

Trains the base model on base-corpus, continues on corpus, tunes LoRA on the instructions and scores
the questions after each step; also the run that skips the corpus. Needs torch, transformers, peft.
Exact match is counted on tokens under teacher forcing, which equals greedy decoding.
"""

import argparse
import json
import math
import os
import random
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

SAMPLE = Path(__file__).parent
BLOCK = 128
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def rows(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def blocks(folder, tokenizer):
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    texts = [row["text"] for part in sorted(folder.glob("*.jsonl")) for row in rows(part)]
    ids = [i for one in tokenizer(texts)["input_ids"] for i in one + [end]]
    return [ids[i : i + BLOCK] for i in range(0, len(ids), BLOCK)]


def chat(question, answer, tokenizer):
    head = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    prompt = tokenizer(head)["input_ids"]
    target = tokenizer(answer + "<|im_end|>")["input_ids"]
    after = tokenizer("\n")["input_ids"]
    ignored = [-100] * len(prompt)
    return prompt + target + after, ignored + target + [-100] * len(after)


def instructions(tokenizer):
    for row in rows(SAMPLE / "instructions.jsonl"):
        question = row["instruction"] + ("\n" + row["input"] if row["input"] else "")
        yield chat(question, row["output"], tokenizer)


def padded(batch):
    width = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([i + [0] * (width - len(i)) for i, _ in batch])
    labels = torch.tensor([l + [-100] * (width - len(l)) for _, l in batch])
    mask = torch.tensor([[1] * len(i) + [0] * (width - len(i)) for i, _ in batch])
    return ids, labels, mask


def nll(model, batch):
    ids, labels, mask = padded(batch)
    hidden = model(input_ids=ids, attention_mask=mask, logits_to_keep=1, output_hidden_states=True)
    flat = labels[:, 1:].reshape(-1)
    keep = flat != -100
    states = hidden.hidden_states[-1][:, :-1].reshape(-1, hidden.hidden_states[-1].shape[-1])[keep]
    logits = states @ model.get_input_embeddings().weight.T
    return torch.nn.functional.cross_entropy(logits, flat[keep])


def train(model, data, steps, batch, rate, seed, label, warmup=0.05):
    wanted = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(wanted, weight_decay=0.0, lr=rate, betas=(0.9, 0.98), fused=True)
    rng, order, tokens, began = random.Random(seed), [], 0, time.time()
    warm = max(1, round(warmup * steps))
    for step in range(steps):
        if len(order) < batch:
            order += rng.sample(data, len(data))
        taken, order = order[:batch], order[batch:]
        shape = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
        for group in optimizer.param_groups:
            group["lr"] = rate * shape
        loss = nll(model, taken)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(wanted, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(i) for i, _ in taken)
        if step % max(1, steps // 8) == 0 or step == steps - 1:
            print(f"  {label} step {step + 1}/{steps} loss {loss.item():.3f} {tokens / (time.time() - began):.0f} tokens/s", flush=True)
    print(f"  {label}: {tokens} tokens, {time.time() - began:.0f} s", flush=True)


@torch.no_grad()
def exact(model, questions, tokenizer):
    found = {"en": 0, "zh": 0}
    total = {"en": 0, "zh": 0}
    ids, labels, mask = padded([chat(q["question"], q["answer"], tokenizer) for q in questions])
    best = model(input_ids=ids, attention_mask=mask).logits[:, :-1].argmax(-1)
    right = ((best == labels[:, 1:]) | (labels[:, 1:] == -100)).all(-1)
    for q, hit in zip(questions, right.tolist()):
        found[q["language"]] += hit
        total[q["language"]] += 1
    return f"{sum(found.values()) / sum(total.values()):.3f} (en {found['en']}/{total['en']} zh {found['zh']}/{total['zh']})"


def score(model, tokenizer, label):
    model.eval()
    for name in ("held-out", "unasked"):
        print(f"{label} {name}: {exact(model, rows(SAMPLE / 'questions' / (name + '.jsonl')), tokenizer)}", flush=True)
    model.train()


def lora(model, r, alpha):
    return get_peft_model(model, LoraConfig(r=r, lora_alpha=alpha, target_modules=TARGETS, task_type="CAUSAL_LM"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", type=Path, required=True, help="folder of the models")
    p.add_argument("--steps", default="base,corpus,lora,control")
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--base", default="2500,8,6e-3")
    p.add_argument("--corpus", default="500,8,4e-3")
    p.add_argument("--lora", default="120,32,8e-4")
    p.add_argument("--r", type=int, default=16)
    p.add_argument("--alpha", type=int, default=32)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    tokenizer = AutoTokenizer.from_pretrained(SAMPLE / "tokenizer")
    wanted = a.steps.split(",")

    def settings(text):
        steps, batch, rate = text.split(",")
        return int(steps), int(batch), float(rate)

    def load(name):
        return Qwen2ForCausalLM.from_pretrained(a.work / name, dtype=torch.float32)

    if "base" in wanted:
        config = Qwen2Config(**json.loads((SAMPLE / "base-recipe/config.json").read_text()))
        model = Qwen2ForCausalLM(config)
        print(sum(p.numel() for p in model.parameters()), "parameters")
        data = [(b, b) for b in blocks(SAMPLE / "base-corpus", tokenizer)]
        train(model, data, *settings(a.base), a.seed, "base")
        model.to(torch.bfloat16).save_pretrained(a.work / "base")
    if "score" in wanted or "base" in wanted:
        score(load("base"), tokenizer, "before")
    if "corpus" in wanted:
        model = load("base")
        data = [(b, b) for part in ("corpus", "replay") for b in blocks(SAMPLE / part, tokenizer)]
        train(model, data, *settings(a.corpus), a.seed, "corpus")
        score(model, tokenizer, "corpus only")
        model.save_pretrained(a.work / "corpus")
    tuned = list(instructions(tokenizer))
    for step, start in (("lora", "corpus"), ("control", "base")):
        if step in wanted:
            torch.manual_seed(a.seed)
            model = lora(load(start), a.r, a.alpha)
            train(model, tuned, *settings(a.lora), a.seed, step)
            score(model, tokenizer, "after" if step == "lora" else "without corpus")


if __name__ == "__main__":
    main()
