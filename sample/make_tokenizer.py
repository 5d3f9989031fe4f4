#!/usr/bin/env python3
"""Trains the sample's byte-level BPE tokenizer and writes it to sample/tokenizer and base-recipe.

Needs the package "tokenizers". English is learned from text; Chinese from words, so that no token
crosses a word border. Run it after make_sample.py:
    python3 sample/make_tokenizer.py [--out FOLDER] [--vocabulary N]
"""

import argparse
import json
import random
from pathlib import Path

import make_sample
from generator import chinese, english, render, words, worlds
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END_OF_TEXT, START_OF_TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = [END_OF_TEXT, START_OF_TURN, END_OF_TURN]
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def learned_text(seed):
    """Everything the sample says, English in documents, Chinese in single words."""
    domain, base = make_sample.facts(seed)
    rng = random.Random(seed)
    for document in make_sample.documents(domain + base, rng):
        yield from pieces(document)
    for language in worlds.LANGUAGES:
        for relation in words.RELATIONS:
            for template in render.questions(relation, language):
                for _ in range(20):
                    yield from pieces(template.replace("{E}", "|"))
    for phrases in (english, chinese):
        for text in phrases.LEADS + phrases.FILLERS + phrases.OPENINGS + [phrases.ANSWER] * 50:
            yield from pieces(text.replace("{V}", "|").replace("{W}", "|"))
    for role in ("user", "assistant", "system"):
        yield from [role + "\n"] * 200


def pieces(text):
    if "|" not in text:
        return [text]
    for mark in "。，？：、":
        text = text.replace(mark, f"|{mark}|")
    return [piece for piece in text.split("|") if piece]


def train(vocabulary, seed):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(learned_text(seed), trainer)
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
    return tokenizer


def config(tokenizer):
    added = {
        str(tokenizer.token_to_id(s)): {
            "content": s,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for s in SPECIAL
    }
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        "additional_special_tokens": [START_OF_TURN, END_OF_TURN],
        "bos_token": None,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": END_OF_TURN,
        "errors": "replace",
        "model_max_length": 512,
        "pad_token": END_OF_TEXT,
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write(out, vocabulary):
    tokenizer = train(vocabulary, make_sample.SEED)
    recipe = out / "base-recipe"
    for folder in (out / "tokenizer", recipe):
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        write_json(folder / "tokenizer_config.json", config(tokenizer))
    pad, end = (tokenizer.token_to_id(s) for s in (END_OF_TEXT, END_OF_TURN))
    recipe_file = Path(__file__).parent / "base-recipe/config.json"
    model = json.loads(recipe_file.read_text(encoding="utf-8"))
    ids = {"eos_token_id": end, "pad_token_id": pad, "vocab_size": tokenizer.get_vocab_size()}
    write_json(recipe / "config.json", {**model, **ids})
    generation = {"do_sample": False, "eos_token_id": [end, pad], "pad_token_id": pad}
    write_json(recipe / "generation_config.json", generation)
    return tokenizer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--vocabulary", type=int, default=3072)
    arguments = parser.parse_args()
    print(write(arguments.out, arguments.vocabulary).get_vocab_size(), "tokens")
