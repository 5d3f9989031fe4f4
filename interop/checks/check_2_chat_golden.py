"""Chat templates of others, byte for byte as transformers renders them, refusals included."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from chat_cases import conversations
from chat_templates import Published, fetch_all
from logits import class_path
from product import tail
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

NOW = datetime.datetime(2031, 11, 2, 15, 4, 5)
# A tokenizer's own template gets all cases, each of the many others a share of them.
EVERY = {"llamafactory": 21, "trl": 7, "axolotl": 7}


class _Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def chosen(number: int, template: Published, count: int) -> list[int]:
    every = 1 if template.name.startswith("npm") else EVERY[template.name.split()[0]]
    return list(range(number % every, count, every))


def theirs(tokenizer, template: Published, case: dict) -> dict:
    variables = {**template.special, **case["variables"]}
    messages = [{k: v for k, v in m.items() if v is not None} for m in case["messages"]]
    try:
        (text,), (spans, *_) = render(template, messages, case["way"], variables)
    except Exception as error:  # noqa: BLE001 - whatever a template raises is a refusal
        return {"refusal": str(error), "kind": type(error).__name__}
    wanted = {"text": text, "spans": [list(span) for span in spans]}
    # Parts of content become one text for a template that knows none: transformers writes a repr.
    parts = any(isinstance(message.get("content"), list) for message in messages)
    if tokenizer and case["way"] == "whole" and not parts:
        wanted["ids"], wanted["targets"] = targets(tokenizer, text, spans)
    return wanted


def targets(tokenizer, text: str, spans) -> tuple[list, list | None]:
    """Ids and which of them share a character with a span; None without spans.

    Not return_assistant_tokens_mask: of a last character that is several tokens that takes the
    first one only, and of an empty span it takes a token that is not the assistant's.
    """
    made = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    if not spans:
        return made["input_ids"], None
    inside = [any(a < end and b > start for start, end in spans) for a, b in made["offset_mapping"]]
    return made["input_ids"], inside


def render(template: Published, messages: list, way: str, variables: dict):
    marks = way == "whole" and "generation" in template.source
    rendered, spans = chat_template_utils.render_jinja_template(
        [messages],
        chat_template=template.source,
        add_generation_prompt=way == "prompt",
        continue_final_message=way == "continued",
        return_assistant_tokens_mask=marks,
        **variables,
    )
    return rendered, spans or [[]]


def start_ours(product, templates: list[Published], cases: list[dict], scratch: Path):
    """The product at work on the same pairs, and the file that its answers go to."""
    files = [scratch / name for name in ("templates.jsonl", "cases.jsonl", "answers.jsonl")]
    with files[0].open("w") as out:
        for number, template in enumerate(templates):
            line = {"source": template.source, "special": template.special}
            line["folder"] = str(template.folder or "")
            line["cases"] = chosen(number, template, len(cases))
            out.write(json.dumps(line) + "\n")
    files[1].write_text("".join(json.dumps(case) + "\n" for case in cases))
    program = product.checkout / "interop" / "java" / "Chats.java"
    process = subprocess.Popen(
        ["java", "-Xmx1g", "-cp", class_path(product.checkout), str(program), *map(str, files)],
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, files[2]


def all_theirs(templates: list[Published], cases: list[dict]) -> list[list[dict]]:
    made = []
    for number, template in enumerate(templates):
        folder = template.folder
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder) if folder else None
        indices = chosen(number, template, len(cases))
        made.append([theirs(tokenizer, template, cases[index]) for index in indices])
    return made


def difference(case: dict, mine: dict, wanted: dict) -> str | None:
    """What differs; a refusal is equal to any refusal, its words where the template chose them."""
    if "text" in wanted:
        if mine.get("text") != wanted["text"]:
            return f"text\n   ours   {mine!r}\n   theirs {wanted['text']!r}"
        if case["way"] == "whole" and mine.get("spans", []) != wanted["spans"]:
            return f"spans\n   ours   {mine.get('spans')}\n   theirs {wanted['spans']}"
        return token_difference(mine, wanted)
    if "refusal" not in mine:
        return f"not refused\n   ours   {mine!r}\n   theirs {wanted!r}"
    raised = wanted["kind"] == "TemplateError"
    if raised and mine["refusal"] != wanted["refusal"]:
        return f"refusal\n   ours   {mine['refusal']!r}\n   theirs {wanted['refusal']!r}"
    return None


def token_difference(mine: dict, wanted: dict) -> str | None:
    if "ids" not in wanted:
        return None
    if mine["ids"] != wanted["ids"]:
        return f"ids\n   ours   {mine['ids']}\n   theirs {wanted['ids']}"
    trained = [label != -100 for label in mine["labels"]]
    if wanted["targets"] is not None and trained != wanted["targets"]:
        return f"targets\n   ours   {trained}\n   theirs {wanted['targets']}\n   {mine['text']!r}"
    return None


def test_templates_of_others(product, scratch, monkeypatch, report):
    monkeypatch.setattr(chat_template_utils, "datetime", _Then)
    templates, missing = fetch_all(scratch / "templates")
    for line in missing:
        report(f"not counted: {line}")
    if sum(template.folder is not None for template in templates) < 6:
        pytest.skip(f"npm brought too few tokenizers: {missing}")
    cases = conversations()
    assert len(cases) >= 400
    process, answers = start_ours(product, templates, cases, scratch)
    try:
        expected = all_theirs(templates, cases)
        output, _ = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, tail(output)
    different, shown, totals = Counter(), [], Counter()
    with answers.open() as lines:
        for number, template in enumerate(templates):
            mine = Counter()
            indices = chosen(number, template, len(cases))
            for index, wanted in zip(indices, expected[number], strict=True):
                found = difference(cases[index], json.loads(next(lines)), wanted)
                mine["refused" if "refusal" in wanted else "equal"] += 1
                if found:
                    different[template.name] += 1
                    case = json.dumps(cases[index])
                    shown.append(f"{template.name}, case {index} {case}\n  {found}")
            totals += mine
            report(
                f"{template.name:45} {mine['equal']:4} rendered {mine['refused']:4} refused"
                f" {different[template.name]:4} different"
            )
    report(f"{len(templates)} templates, {len(cases)} conversations: {dict(totals)}")
    (scratch / "differences.txt").write_text("\n".join(shown))
    assert not different, "\n".join(shown[:10])
