"""The Unicode tables of the Java tokenizer are what the pinned tokenizers library says."""

import subprocess
import sys

from conftest import CHECKOUT


def test_the_tables_are_those_of_the_library():
    script = CHECKOUT / "interop" / "unicode" / "make_unicode_tables.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "classes.txt" in done.stdout and "nfc.txt" in done.stdout
