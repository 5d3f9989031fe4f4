"""Files as others write them: every compressor, tables of chats, JSON printed in any way."""

from __future__ import annotations

import json
import shutil

import make_compressed
import make_containers
import pytest
from check_1_shards import tokenize_settings

# Shows every field of a chat, so that one null more changes the ids.
TEMPLATE = (
    "{{ tools | tojson }}{% for m in messages %}{{ m | tojson }}"
    "{% generation %}{{ m.role }}{% endgeneration %}{% endfor %}"
)


def shards(product, tokenizer, files, output, **more):
    """The bytes of the shards that some files give, each an input of its own."""
    inputs = [{"path": str(file)} for file in files]
    settings = tokenize_settings(tokenizer, files[0], output, inputs=inputs, **more)
    product.must("tokenize", settings)
    return [file.read_bytes() for file in sorted(output.glob("data-*.arrow"))]


def test_files_of_every_compressor(product, scratch, tokenizer_folder):
    pytest.importorskip("cramjam")
    missing = [name for name in make_compressed.TOOLS if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = scratch / "compressed"
    make_compressed.main(folder)
    plain = folder / "plain.jsonl"
    plain.write_bytes(make_compressed.lines())
    files, times = [], 0
    for file in sorted(folder.iterdir()):
        count = make_compressed.times(file.name)
        if file != plain and count:
            name, ending = file.name.rsplit(".", 1)
            files.append(file.rename(folder / f"{name}.jsonl.{ending}"))
            times += count
    assert {file.suffix for file in files} == {
        *[".gz", ".bz2", ".xz", ".zst", ".lz4", ".snappy", ".deflate"]
    }
    found = shards(product, tokenizer_folder, files, scratch / "of compressed")
    assert found == shards(product, tokenizer_folder, [plain] * times, scratch / "of plain")


def test_tables_of_chats_and_json_printed_in_any_way(product, scratch, tokenizer_folder):
    folder = scratch / "chats of tables"
    folder.mkdir()
    make_containers.write_chats(folder)
    lines = folder / "chats.jsonl"
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    printed = [json.dumps(row, indent=2, ensure_ascii=False) for row in rows]
    (folder / "several.json").write_text("\n".join(printed), encoding="utf-8")
    (folder / "array.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    (folder / "lines.json").write_bytes(lines.read_bytes())
    template = folder / "all.jinja"
    template.write_text(TEMPLATE)
    others = sorted({*folder.iterdir()} - {lines, template})
    assert len(others) == 10
    more = {"stage": "sft", "chat_template": str(template), "block_size": 2048, "packing": "none"}
    found = shards(product, tokenizer_folder, others, scratch / "of tables", **more)
    plain = shards(product, tokenizer_folder, [lines] * 10, scratch / "of lines", **more)
    assert found == plain
    kept = {**more, "keep_nulls": True}
    assert shards(product, tokenizer_folder, others, scratch / "with nulls", **kept) != plain
