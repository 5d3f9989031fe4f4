"""Conversations for comparing chat templates: what people put into them, and what they get wrong.

Each case is a dict: messages, variables (tools, documents, enable_thinking, ...), and how it is
rendered: "whole", "prompt" (with the generation prompt) or "continued" (the last message goes on).
All texts are invented.
"""

from __future__ import annotations

import itertools
import random

TEXTS = [
    "Which harbour lies north of Ellery?",
    "守灯人在哪一年点亮了灯塔？",
    "  white space at both ends \n",
    "",
    "\n\n",
    "emoji 🌊🚢 and 👩‍🚀 joined, e\u0301 unjoined",
    "<|im_start|>assistant\nnot me<|im_end|>",
    "[INST] no </s><s> <start_of_turn>model <|eot_id|> <｜Assistant｜>",
    "{{ messages }} {% if x %} {# note #} $x \\n 'single' \"double\" `tick`",
    "tabs\tand\r\nWindows line ends\r\n\u00a0no-break\u3000ideographic ",
    "<b>bold</b> & &amp; <think>tag</think> </tool_call>",
    "a" * 300,
    "Zeile mit Umlauten äöüß İıſ\u2028line separator",
]
ANSWERS = [
    "North of Ellery lies Port Anwick.",
    "在一八七一年。",
    "<think>\nThe year is known.\n</think>\n\n1871.",
    "<think></think>",
    "Half </think> only",
    " leading space and trailing newline\n",
    "",
    "```python\nprint('{{ x }}')\n```",
    "🌊",
]
TIDES = {
    "type": "function",
    "function": {
        "name": "tide_table",
        "description": 'Tides of a harbour, "high" & <low> 潮汐',
        "parameters": {
            "type": "object",
            "properties": {
                "harbour": {"type": "string", "description": "name", "enum": ["Ellery", "安克"]},
                "days": {"type": "integer", "default": 3},
                "range": {"type": ["number", "null"], "minimum": 0.5, "maximum": 1e20},
                "units": {"type": "array", "items": {"type": "string"}},
                "options": {
                    "type": "object",
                    "properties": {"deep": {"type": "boolean", "nullable": True}},
                    "required": [],
                },
            },
            "required": ["harbour"],
        },
        "return": {"type": "object", "description": "a table"},
    },
}
CLOCK = {
    "type": "function",
    "function": {
        "name": "clock",
        "description": "The time.",
        "parameters": {"type": "object", "properties": {}},
    },
}
BARE = {"name": "bare", "description": "not wrapped", "parameters": {"type": "object"}}


def call(name="tide_table", arguments=None, identifier=None) -> dict:
    given = {"harbour": "Ellery", "note": '港 "q" <&>', "flags": [True, None, 1.5, -3, {"a": {}}]}
    made = {
        "type": "function",
        "function": {"name": name, "arguments": given if arguments is None else arguments},
    }
    return made if identifier is None else {"id": identifier, **made}


def turns(*contents, system=None) -> list[dict]:
    messages = [] if system is None else [{"role": "system", "content": system}]
    roles = itertools.cycle(["user", "assistant"])
    return messages + [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]


def user(content) -> dict:
    return {"role": "user", "content": content}


def assistant(content, **more) -> dict:
    return {"role": "assistant", "content": content, **more}


def tool(content, **more) -> dict:
    return {"role": "tool", "content": content, **more}


def parts(*texts) -> list[dict]:
    return [{"type": "text", "text": text} for text in texts]


def plain_chats() -> list[list[dict]]:
    chats = [turns(text, answer) for text in TEXTS for answer in ANSWERS]
    chats += [turns("a", "b", system=text) for text in TEXTS]
    chats += [turns("q1", first, "q2", second) for first in ANSWERS for second in ANSWERS[:4]]
    for length in range(1, 8):
        said = [f"turn {i} 轮" for i in range(length)]
        chats += [turns(*said), turns(*said, system="S")]
    return chats


def tool_chats() -> list[tuple[list[dict], dict]]:
    asked = [user("Tides at Ellery?")]
    called = [*asked, assistant("", tool_calls=[call(identifier="abcdef123")])]
    answered = [*called, tool('{"high": "06:12"}', name="tide_table", tool_call_id="abcdef123")]
    both = assistant(
        "Two look-ups.",
        tool_calls=[call(identifier="aaaaaaaa1"), call("clock", {}, identifier="aaaaaaaa2")],
    )
    results = [
        tool("06:12", name="tide_table", tool_call_id="aaaaaaaa1"),
        tool("noon 正午", name="clock", tool_call_id="aaaaaaaa2"),
    ]
    bare_call = {"name": "clock", "arguments": {"zone": "UTC"}}
    chats = [
        asked,
        called,
        answered,
        [*answered, assistant("At 06:12.")],
        [*answered, assistant("At 06:12."), user("And then?"), assistant("下午六点。")],
        [*asked, both, *results, assistant("Done.")],
        [{"role": "system", "content": "Be terse."}, *asked, both, *results],
        [*asked, assistant(None, tool_calls=[call("clock", {})])],
        [*asked, {"role": "assistant", "tool_calls": [call("clock", {})]}],
        [*asked, assistant("", tool_calls=[call(arguments='{"harbour": "Ellery"}')])],
        [*asked, assistant("", tool_calls=[call(arguments="")])],
        [*asked, assistant("", tool_calls=[bare_call]), tool("12")],
        [*asked, assistant("", tool_calls=[])],
        [*called, tool([{"type": "text", "text": "06:12"}])],
        [*called, tool({"high": "06:12", "low": [1, 2.5, None]})],
        [*called, {"role": "ipython", "content": "06:12"}, assistant("ok")],
        [*asked, assistant("", tool_calls=[call()], reasoning_content="Look it up.")],
        [*answered, assistant("At 06:12.", reasoning_content="It says so.")],
        [tool("an orphan")],
    ]
    offered = [{}, {"tools": [TIDES]}, {"tools": [TIDES, CLOCK]}, {"tools": [CLOCK]}, {"tools": []}]
    cases = [(chat, variables) for chat in chats for variables in offered]
    cases += [(chat, {"tools": [BARE]}) for chat in chats[:4]]
    return cases


def thinking_chats() -> list[tuple[list[dict], dict]]:
    first = assistant("four", reasoning_content="two and two")
    chats = [
        [user("Sum?"), first],
        [user("Sum?"), first, user("Sure?"), assistant("yes", reasoning_content="again\n算")],
        [user("Sum?"), assistant("four", thinking="by another name")],
        [user("Sum?"), assistant("four", reasoning="by a third name")],
        [user("Sum?"), assistant("four", reasoning_content="")],
        [user("Sum?"), assistant("four", reasoning_content="  \n padded \n ")],
        [user("Sum?"), assistant("<think>\nin the text\n</think>\n\nfour"), user("Sure?")],
        [{"role": "system", "content": "/no_think"}, user("Sum? /think"), first, user("And?")],
        [user("Sum?"), assistant("", reasoning_content="only thought")],
    ]
    modes = [{}, {"enable_thinking": True}, {"enable_thinking": False}]
    modes += [{"reasoning_effort": "high"}, {"thinking": True}, {"preserve_thinking": True}]
    return [(chat, mode) for chat in chats for mode in modes]


def odd_chats() -> list[tuple[list[dict], dict]]:
    documents = [
        {"title": "Pilot book", "text": "Ellery has two lights."},
        {"title": "潮汐", "text": "", "id": 7},
    ]
    image = {"type": "image", "image": "none"}
    chats = [
        [user(parts("one part")), assistant(parts("an answer"))],
        [user(parts("two ", "parts 两")), assistant("a"), user([image, *parts("seen?")])],
        [{"role": "system", "content": parts("S ")}, user(parts(" padded "))],
        [user([]), assistant([])],
        [user(["a bare text", "another"]), assistant("a")],
        [user("a"), user("b"), assistant("c")],
        [user("a"), assistant("b"), assistant("c")],
        [assistant("I begin"), user("a")],
        [user("a"), {"role": "system", "content": "late"}, assistant("b")],
        [{"role": "system", "content": "alone"}],
        [{"role": "developer", "content": "Be brief."}, user("a"), assistant("b")],
        [{"role": "alien", "content": "x"}, user("a")],
        [{"role": "critic", "content": "x", "name": "Bo"}],
        [user(None), assistant("b")],
        [{"role": "user"}, assistant("b")],
        [user("a"), assistant(None)],
        [user("a"), {"role": "assistant"}],
        [user("a"), assistant("b", name="Bo", weight=0, extra={"k": [1]})],
        [{"content": "content first", "role": "user"}],
        [user("a"), assistant("b", refusal=None, tool_calls=None)],
        [user(7), assistant(True)],
    ]
    cases = [(chat, {}) for chat in chats]
    asked = [user("Lights?"), assistant("Two.")]
    cases += [(asked, {"documents": documents}), (asked[:1], {"documents": []})]
    cases += [(asked, {"date_string": "22 Nov 2031", "custom_flag": True, "level": 3})]
    cases += [(asked, {"bos_token": "<mine>", "builtin_tools": ["search"]})]
    cases += [(asked, {"citation_mode": "fast", "documents": documents, "add_vision_id": True})]
    cases += [(asked, {"model_identity": "You are Keel.", "tools_in_user_message": False})]
    return cases


def conversations() -> list[dict]:
    """The cases, in an order that depends on nothing."""
    given = [(chat, {}) for chat in plain_chats()]
    given += tool_chats() + thinking_chats() + odd_chats()
    cases = []
    for chat, variables in given:
        ends = chat[-1]["role"] == "assistant"
        ways = ["whole"] if ends else ["prompt", "whole"]
        cases += [{"messages": chat, "variables": variables, "way": way} for way in ways]
    bare = [chat for chat, variables in given if not variables]
    for chat in [chat for chat in bare if chat[-1]["role"] == "assistant"][::4]:
        cases.append({"messages": chat, "variables": {}, "way": "continued"})
        cases.append({"messages": chat, "variables": {}, "way": "prompt"})
    random.Random(7).shuffle(cases)
    return cases
