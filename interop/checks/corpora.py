"""Small texts and chats, made here, that hold the awkward cases."""

from __future__ import annotations

import json
from pathlib import Path

CODE = "def area(w, h):\n    return w * h  # 面积\n\n\tprint(area(3, 4))\n"


def documents() -> list[str]:
    """English, Chinese, code, white space only, emoji, special-token strings, an empty one."""
    texts = [
        "The lighthouse of Varn stands 41 metres high.\nIt was lit in 1907 by Ada Rook.",
        "瓦恩的灯塔高四十一米。它在1907年由阿达·鲁克点亮。海面上的雾很大。",
        CODE,
        "",
        "   \n\n  ",
        "A smile 🙂, a family 👨‍👩‍👧, an e with accent: e\u0301 and é.",
        "Text that holds <|im_end|> and <|endoftext|> in the middle.",
        "x",
    ]
    for i in range(40):
        texts.append(
            f"Station {i} lies {i * 37 % 101} km from the coast; its keeper is called K{i}. " * 3
        )
        texts.append(f"第{i}号站距海岸{i * 37 % 101}公里。守护人的名字是K{i}。")
    return texts


def write_corpus(folder: Path) -> list[str]:
    """Three jsonl files; answers the documents in the order the stream must have."""
    folder.mkdir(parents=True)
    texts = documents()
    parts = {"a.jsonl": texts[:30], "b/c.jsonl": texts[30:31], "b.jsonl": texts[31:]}
    for name, part in parts.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        lines = [json.dumps({"text": t, "id": i}, ensure_ascii=False) for i, t in enumerate(part)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    # Byte order of the relative path: "." (0x2e) sorts before "/" (0x2f).
    return parts["a.jsonl"] + parts["b.jsonl"] + parts["b/c.jsonl"]


def alpaca_rows() -> list[dict]:
    rows = [
        {"instruction": "Name the keeper.", "input": "", "output": "Ada Rook."},
        {
            "instruction": "把这句话翻译成英文。",
            "input": "海上有雾。",
            "output": "There is fog at sea.",
        },
        {"instruction": "Say nothing odd.", "input": " lead", "output": "  spaces kept \n"},
        {
            "instruction": "And the height?",
            "input": "",
            "output": "41 metres 🙂",
            "system": "You answer in one line.",
            "history": [["Where is it?", "At Varn."], ["由谁点亮?", "阿达·鲁克。"]],
        },
        {"instruction": "Print code", "input": "area", "output": CODE},
    ]
    for i in range(20):
        rows.append({"instruction": f"How far is station {i}?", "input": "", "output": f"{i} km"})
    return rows


def write_alpaca(file: Path) -> list[dict]:
    rows = alpaca_rows()
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return rows


def messages(row: dict) -> list[dict]:
    """An Alpaca row as chat messages."""
    found = []
    if row.get("system"):
        found.append({"role": "system", "content": row["system"]})
    for user, assistant in row.get("history") or []:
        found.append({"role": "user", "content": user})
        found.append({"role": "assistant", "content": assistant})
    text = row["instruction"] + ("\n" + row["input"] if row.get("input") else "")
    found.append({"role": "user", "content": text})
    found.append({"role": "assistant", "content": row["output"]})
    return found
