"""Text out of unpacked documentation: HTML, manual pages and plain text become jsonl documents.

Usage: extract.py FOLDER OUTPUT.jsonl MINIMUM_MB [code]
With `code`, source files are documents too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

SHORTEST = 200
LONGEST_FILE = 4 << 20
PLAIN = {".txt", ".rst", ".md", ".asciidoc", ".pod"}
CODE = {".py", ".c", ".h", ".hpp", ".pm", ".pl", ".js", ".sh"}
BREAKS = {"p", "div", "li", "tr", "br", "pre", "dt", "dd", "h1", "h2", "h3", "h4", "section"}
SILENT = {"script", "style", "nav", "head", "footer"}
SETTINGS = (".if", ".ie", ".el", ".ds", ".de", ".nr", ".rm", ".ft", ".ad", ".nh", ".hy", ".tr")
ROFF_ESCAPES = {"\\-": "-", "\\(aq": "'", "\\(bu": "•", "\\&": "", "\\|": "", "\\e": "\\"}


class PageText(HTMLParser):
    """The readable text of a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag, attrs):
        if tag in SILENT:
            self.silent += 1
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.silent:
            self.parts.append(data)


def page(text: str) -> str:
    parser = PageText()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


def manual(text: str) -> str:
    """A manual page without its roff: macros keep their words, escapes their characters."""
    lines = []
    for line in text.splitlines():
        if line.startswith(('.\\"', "'\\\"", "..", ".so ", "'br", *SETTINGS)):
            continue
        if line.startswith("."):
            word, _, rest = line[1:].partition(" ")
            rest = rest.replace('"', "")
            line = f"\n{rest}" if word in ("SH", "SS", "TH") else rest
        for escape, plain in ROFF_ESCAPES.items():
            line = line.replace(escape, plain)
        lines.append(re.sub(r"\\f(\[[^\]]*\]|\(..|.)|\\s[-+]?\d+", "", line))
    return "\n".join(lines)


def read(file: Path) -> tuple[str, str] | None:
    """The decoded text and its suffix without .gz; none for what is no text."""
    data = file.read_bytes()
    name = file.name
    if name.endswith(".gz"):
        data, name = gzip.decompress(data), name[:-3]
    if len(data) > LONGEST_FILE or b"\0" in data:
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding), Path(name).suffix.lower()
        except UnicodeDecodeError:
            continue
    return None


def document(file: Path, plain: set[str]) -> str | None:
    found = read(file)
    if found is None:
        return None
    text, suffix = found
    if suffix in (".html", ".htm", ".xhtml"):
        text = page(text)
    elif "/man/" in str(file):
        text = manual(text)
    elif suffix not in plain:
        return None
    text = re.sub(r"[ \t]+\n", "\n", text.replace("\r", ""))
    text = re.sub(r"\n\s*\n\s*\n", "\n\n", text).strip()
    return text if len(text) >= SHORTEST else None


def main() -> None:
    folder, output, minimum = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    plain = PLAIN | CODE if sys.argv[4:] == ["code"] else PLAIN
    seen: set[bytes] = set()
    count = size = chinese = 0
    with output.open("w", encoding="utf-8") as out:
        for file in sorted(f for f in folder.rglob("*") if f.is_file() and not f.is_symlink()):
            text = document(file, plain)
            if text is None:
                continue
            digest = hashlib.sha256(text.encode()).digest()
            if digest in seen:
                continue
            seen.add(digest)
            row = {"text": text, "source": str(file.relative_to(folder))}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            size += len(text.encode())
            chinese += bool(re.search(r"[\u4e00-\u9fff]{4}", text))
    print(f"corpus: {count} documents, {size / 1e6:.1f} MB of text, {chinese} with Chinese")
    if size < minimum * 1e6:
        raise SystemExit(f"corpus: only {size / 1e6:.1f} MB of text (need {minimum:.0f})")


if __name__ == "__main__":
    main()
