"""The peer of generation: transformers' generate, each round's seconds and the tokens as JSON.

Usage: hf_generate.py MODEL THREADS NEW_TOKENS ROUNDS PROMPT...
A prompt is its ids joined by commas; all have one length and are one batch. Greedy, SDPA, no end.
"""

from __future__ import annotations

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    path, threads, new_tokens, rounds = sys.argv[1:5]
    prompts = torch.tensor([[int(x) for x in word.split(",")] for word in sys.argv[5:]])
    torch.set_num_threads(int(threads))
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="sdpa"
    )
    seconds = []
    with torch.inference_mode():
        for _ in range(int(rounds)):
            start = time.perf_counter()
            out = model.generate(
                prompts,
                attention_mask=torch.ones_like(prompts),
                max_new_tokens=int(new_tokens),
                min_new_tokens=int(new_tokens),
                do_sample=False,
                pad_token_id=0,
            )
            seconds.append(time.perf_counter() - start)
    tokens = out[:, prompts.shape[1] :].tolist()
    print("RESULT " + json.dumps({"seconds": seconds, "tokens": tokens}))


if __name__ == "__main__":
    main()
