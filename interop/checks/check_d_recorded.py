"""What ring 1 has recorded of Python is what Python gives here, and what the product gives."""

import os
import struct
import subprocess
import sys

import make_added_tokens
import pytest
from conftest import CHECKOUT
from product import compiled, native_environment
from transformers import AutoTokenizer

TEXTS = make_added_tokens.TEXTS + [
    "<|y|>",
    " <|y|> ",
    "lamp<|z|>lamp <|z|>",
    "<|im_start|>user\nhi<|im_end|>\n",
    "</s><s>[INST]<|y|>",
]


@pytest.mark.parametrize("name", ["make_added_tokens", "make_strftime"])
def test_the_recording_is_fresh(name):
    script = CHECKOUT / "interop" / "fixtures" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def classes(scratch):
    return compiled(CHECKOUT, CHECKOUT / "interop" / "java" / "TokenIds.java", scratch / "ids")


@pytest.mark.parametrize("name", list(make_added_tokens.CASES)[1::4])
def test_tokens_beside_the_tokenizer_file(scratch, classes, name):
    folder = scratch / "beside" / name.replace(" ", "-").replace(":", "")
    folder.mkdir(parents=True)
    make_added_tokens.write(folder, *make_added_tokens.CASES[name])
    documents, answer = folder / "documents.bin", folder / "ids.bin"
    with documents.open("wb") as out:
        for text in TEXTS:
            utf8 = text.encode()
            out.write(struct.pack(">i", len(utf8)) + utf8)
        out.write(struct.pack(">i", -1))
    command = ["java", "-cp", classes, "TokenIds", str(folder), str(documents), str(answer)]
    subprocess.run(
        command, check=True, timeout=120, env={**os.environ, **native_environment(CHECKOUT)}
    )
    data = answer.read_bytes()
    tokenizer, at = AutoTokenizer.from_pretrained(folder), 0
    for text in TEXTS:
        (count,) = struct.unpack_from(">i", data, at)
        ids = list(struct.unpack_from(f">{count}i", data, at + 4))
        at += 4 + 4 * count
        assert ids == tokenizer.encode(text, add_special_tokens=False), text
