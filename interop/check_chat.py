"""Compares what Anneal rendered and tokenized with transformers' apply_chat_template.

    python interop/check_chat.py TOKENIZER_FOLDER DUMP.jsonl [TEMPLATE.jinja]

Loss masks of ordinary conversations are compared with the spans between the assistant's header and
the turn end in the text. DUMP.jsonl is written by dev.anneal.data.chat.ChatDump (test scope of data-pipeline). Exits with 1
when anything differs.
"""

import json
import sys

from transformers import PreTrainedTokenizerFast


def expected(tokenizer, row, prompt):
    variables = dict(row["variables"])
    return tokenizer.apply_chat_template(
        row["messages"],
        tools=variables.pop("tools", None),
        tokenize=False,
        add_generation_prompt=prompt,
        **variables,
    )


HEADERS = {
    "<|im_start|>assistant\n": "<|im_end|>",
    "<|start_header_id|>assistant<|end_header_id|>\n\n": "<|eot_id|>",
    "<start_of_turn>model\n": "<end_of_turn>",
    "<\uff5cAssistant\uff5c>": "<\uff5cend\u2581of\u2581sentence\uff5c>",
}


def ordinary(row):
    """No look-alikes of special tokens in what was said, no reasoning that a template rewrites, and
    a header before every turn of the assistant."""
    said = "".join(str(m) for m in row["messages"])
    headers = max(row["text"].count(header) for header in HEADERS)
    turns = sum(m["role"] == "assistant" for m in row["messages"])
    return headers >= turns and not any(part in said for part in ("<|", "think", "reasoning"))


def expected_labels(tokenizer, text):
    """Targets by cutting the text at headers and turn ends."""
    header, end = next((h, e) for h, e in HEADERS.items() if h in text)
    spans = []
    at = text.find(header)
    while at >= 0:
        start = at + len(header)
        stop = text.find(end, start)
        if stop < 0:
            break
        spans.append((start, stop + len(end)))
        at = text.find(header, stop)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    hit = lambda a, b: any(a < stop and b > start for start, stop in spans)
    return [i if hit(*o) else -100 for i, o in zip(encoded["input_ids"], encoded["offset_mapping"])]


def main():
    folder, dump = sys.argv[1:3]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8", newline="") as template:
            tokenizer.chat_template = template.read()
    equal = refused = failed = masks = 0
    with open(dump, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            if "labels" in row and ordinary(row):
                masks += 1
                want = expected_labels(tokenizer, row["text"])
                if row["labels"] != want:
                    failed += 1
                    print(
                        f"line {number} labels:\n  ours   {row['labels']}\n  theirs {want}\n  {row['text']!r}"
                    )
            for key, prompt in (("text", False), ("prompt", True)):
                try:
                    want = expected(tokenizer, row, prompt)
                except Exception as error:
                    ok = key + "_error" in row
                    want = f"refused: {error}"
                    refused += ok
                else:
                    ok = row.get(key) == want
                    if ok and key == "text":
                        ok = row["ids"] == tokenizer(want, add_special_tokens=False)["input_ids"]
                    equal += ok
                if not ok:
                    failed += 1
                    print(
                        f"line {number} {key}:\n  ours   {row.get(key, row.get(key + '_error'))!r}\n  theirs {want!r}"
                    )
    print(
        f"{equal} renderings equal, {refused} refused by both, {masks} masks compared, {failed} different"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
