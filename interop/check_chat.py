"""Compares what Anneal rendered and tokenized with transformers' apply_chat_template.

    python interop/check_chat.py TOKENIZER_FOLDER DUMP.jsonl [TEMPLATE.jinja]

DUMP.jsonl is written by dev.anneal.data.chat.ChatDump (test scope of data-pipeline). Exits with 1
when anything differs.
"""

import json
import sys

from transformers import PreTrainedTokenizerFast


def expected(tokenizer, row, prompt):
    variables = dict(row["variables"])
    return tokenizer.apply_chat_template(
        row["messages"], tools=variables.pop("tools", None), tokenize=False, add_generation_prompt=prompt, **variables
    )


def main():
    folder, dump = sys.argv[1:3]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8", newline="") as template:
            tokenizer.chat_template = template.read()
    equal = refused = failed = 0
    with open(dump, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
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
                    print(f"line {number} {key}:\n  ours   {row.get(key, row.get(key + '_error'))!r}\n  theirs {want!r}")
    print(f"{equal} renderings equal, {refused} refused by both, {failed} different")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
