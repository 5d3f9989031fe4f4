"""Asks the tokenizers library what Unicode is to it, and writes the answers as the tables that the
Java encoder reads: which code points its regular expressions take for letters, numbers and white
space, and what its NFC does. Nothing comes from a Unicode file of our own, for the library's two
parts follow two releases of Unicode. Combining classes, which the library does not show, are
Python's where the library reorders at all.

    python interop/unicode/make_unicode_tables.py [--check]

With --check nothing is written; a difference is an error.
"""

import argparse
import itertools
import pathlib
import random
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

PINNED = "0.23.3"
OUT = (
    pathlib.Path(__file__).resolve().parents[2]
    / "data-pipeline/src/main/resources/dev/anneal/data/tokenize/bpe"
)
CODE_POINTS = [cp for cp in range(0x110000) if not 0xD800 <= cp <= 0xDFFF]
HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)
HANGUL_FIRST = range(0x1100, 0x1113)
HANGUL_VOWELS = range(0x1161, 0x1176)
HANGUL_FINALS = range(0x11A8, 0x11C3)
LOWEST_MARK, HIGHEST_MARK = "\u0334", "\u0345"  # combining classes 1 and 240

nfc = normalizers.NFC().normalize_str
nfd = normalizers.NFD().normalize_str


def matching(pattern):
    """The code points that a pattern for one character matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    left = set()
    for start in range(0, len(CODE_POINTS), 4096):
        chunk = CODE_POINTS[start : start + 4096]
        for _, (begin, end) in split.pre_tokenize_str("".join(map(chr, chunk))):
            left.update(chunk[begin:end])
    return {cp for cp in CODE_POINTS if cp not in left}


def check_contractions():
    """The letters that (?i:...) folds; the Java scanners know these and no others."""
    split = pre_tokenizers.Split(Regex("(?i:'s|'t|'re|'ve|'m|'ll|'d)"), "isolated")
    found = set()
    for cp in CODE_POINTS:
        c = chr(cp)
        for text in ("'" + c, *("'" + x + c for x in "rvlRVL"), *("'" + c + x for x in "elEL")):
            pieces = [piece for piece, _ in split.pre_tokenize_str("+" + text + "+")]
            if pieces == ["+", text, "+"]:
                found.add(text)
    known = {"'" + x for x in "sStTmMdD\u017f"}
    for pair in ("re", "ve", "ll"):
        for cases in itertools.product(*((c, c.upper()) for c in pair)):
            known.add("'" + "".join(cases))
    if found != known:
        sys.exit(f"contractions fold otherwise than the scanners know: {sorted(found ^ known)}")


def ranges(values):
    """(first, last, value) of runs of equal values in a dict by code point."""
    runs = []
    for cp in sorted(values):
        if runs and runs[-1][1] == cp - 1 and runs[-1][2] == values[cp]:
            runs[-1][1] = cp
        else:
            runs.append([cp, cp, values[cp]])
    return runs


def span(first, last):
    return f"{first:X}" if first == last else f"{first:X}-{last:X}"


def classes():
    letters, numbers, spaces = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s")
    if letters & numbers or letters & spaces or numbers & spaces:
        sys.exit("letters, numbers and white space overlap")
    if matching(r"[^\s\p{L}\p{N}]") != set(CODE_POINTS) - letters - numbers - spaces:
        sys.exit("a negated class is not the complement")
    if matching(r"\S") != set(CODE_POINTS) - spaces:
        sys.exit("\\S is not the complement of \\s")
    values = dict.fromkeys(letters, "L")
    values.update(dict.fromkeys(numbers, "N"))
    values.update(dict.fromkeys(spaces, "S"))
    return [f"{span(a, b)} {value}" for a, b, value in ranges(values)]


def combining_class(cp):
    """0 for what the library leaves in its place, whatever Python says."""
    c = chr(cp)
    before_highest = c != HIGHEST_MARK and nfd("a" + HIGHEST_MARK + c) == "a" + c + HIGHEST_MARK
    behind_lowest = c != LOWEST_MARK and nfd("a" + c + LOWEST_MARK) == "a" + LOWEST_MARK + c
    if not before_highest and not behind_lowest:
        return 0
    value = unicodedata.combining(c)
    if not value:
        sys.exit(f"U+{cp:04X} is reordered, and Python does not know its combining class")
    return value


def normalization():
    lines = []
    combining = {}
    for cp in CODE_POINTS:
        value = combining_class(cp) if nfd(chr(cp)) == chr(cp) else 0
        if value:
            combining[cp] = value
    lines += [f"C {span(a, b)} {value}" for a, b, value in ranges(combining)]
    decomposed, single = {}, []
    for cp in CODE_POINTS:
        if cp in HANGUL_SYLLABLES or nfd(chr(cp)) == chr(cp):
            continue
        decomposed[cp] = nfd(chr(cp))
        if nfc(chr(cp)) == chr(cp):
            single.append(cp)
    for cp, text in decomposed.items():
        lines.append(f"D {cp:X} {' '.join(f'{ord(c):X}' for c in text)}")
    compositions = {}
    for cp in single:
        # What composes to cp is the composition of all but the last mark, then the last mark.
        text = decomposed[cp]
        first, last = nfc(text[:-1]), text[-1]
        if len(first) != 1 or nfc(first + last) != chr(cp):
            sys.exit(f"U+{cp:04X} is no composition of a pair")
        compositions[ord(first), ord(last)] = cp
    lines += [f"P {a:X} {b:X} {cp:X}" for (a, b), cp in sorted(compositions.items())]
    check_normalization(combining, decomposed, compositions)
    return lines


def check_normalization(combining, decomposed, compositions):
    """The tables, read as Java reads them, against the library."""

    def expand(cp):
        if cp in HANGUL_SYLLABLES:
            at = cp - 0xAC00
            final = [0x11A7 + at % 28] if at % 28 else []
            return [0x1100 + at // 588, 0x1161 + at % 588 // 28, *final]
        return [ord(c) for c in decomposed.get(cp, chr(cp))]

    def pair(a, b):
        if a in HANGUL_FIRST and b in HANGUL_VOWELS:
            return 0xAC00 + ((a - 0x1100) * 21 + b - 0x1161) * 28
        if a in HANGUL_SYLLABLES and (a - 0xAC00) % 28 == 0 and b in HANGUL_FINALS:
            return a + b - 0x11A7
        return compositions.get((a, b))

    def compose(text):
        cps = []
        for c in text:
            for cp in expand(ord(c)):
                at = len(cps)
                while combining.get(cp) and at and combining.get(cps[at - 1], 0) > combining[cp]:
                    at -= 1
                cps.insert(at, cp)
        out, starter = [], None
        for cp in cps:
            rank = combining.get(cp, 0)
            if starter is not None:
                between = len(out) - starter - 1
                free = not between or (rank and combining.get(out[-1], 0) < rank)
                joined = pair(out[starter], cp) if free else None
                if joined is not None:
                    out[starter] = joined
                    continue
            if not rank:
                starter = len(out)
            out.append(cp)
        return "".join(map(chr, out))

    for cp in CODE_POINTS:
        for text in (chr(cp), "a" + chr(cp) + "\u0301\u0323"):
            if compose(text) != nfc(text):
                sys.exit(f"NFC of {ascii(text)}: {ascii(compose(text))} for {ascii(nfc(text))}")
    rng = random.Random(1)
    marks = list(combining)
    pairs = [cp for pair in compositions for cp in pair]
    new = [cp for cp in CODE_POINTS if unicodedata.combining(chr(cp)) and cp not in combining]
    jamo = [*HANGUL_FIRST, *HANGUL_VOWELS, *HANGUL_FINALS, 0x11A7, 0xAC00, 0xAC01, 0x1176]
    pools = [marks, pairs, new or marks, jamo, list(decomposed), [0x61, 0x4E00, 0x20]]
    for _ in range(300_000):
        text = "".join(chr(rng.choice(rng.choice(pools))) for _ in range(rng.randint(1, 8)))
        if compose(text) != nfc(text):
            sys.exit(f"NFC of {ascii(text)}: {ascii(compose(text))} for {ascii(nfc(text))}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed (expected {PINNED})")
    check_contractions()
    head = f"# tokenizers {PINNED}; written by interop/unicode/make_unicode_tables.py\n"
    for name, make in (("classes.txt", classes), ("nfc.txt", normalization)):
        text = head + "\n".join(make()) + "\n"
        path = OUT / name
        if not check:
            OUT.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif path.read_text() != text:
            sys.exit(f"{path.name} is not what tokenizers {PINNED} says")
        print(f"{name}: {len(text)} bytes, {text.count(chr(10)) - 1} lines")


if __name__ == "__main__":
    main()
