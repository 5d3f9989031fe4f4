"""Random Unicode strings that tokenizers disagree on: each a few fragments of different kinds."""

from __future__ import annotations

import random
import unicodedata

SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2003\u2007\u2009\u2028\u2029\u202f\u205f\u3000"
NEARLY_SPACES = "\x1c\x1f\u180e\u200b\u200c\u200d\u2060\ufeff"
EMOJI = (
    "😀👍🏽👨\u200d👩\u200d👧\u200d👦🇨🇳🇫🇷❤\ufe0f1\ufe0f\u20e3🏴\U000e0067\U000e0062\U000e007f🫨🪿"
)
WORDS = (
    "the lamp keeper's don't I'LL we'Ve 'ſ naïve Straße über résumé ΑΒΓ мир שלום العربية "
    "हिन्दी ไทย 한국어 日本語 守灯人 点亮灯塔 國語 x=y+1; for(int i=0;i<10;i++) #include <stdio.h> "
    "http://a.b/c?d=e&f=g 3.14159 1,000,000 0x1F 2026-11-22 ▁ ▁▁the ▁a <0x0A> <0x41> Ġ Ċ <unk "
    "\u0660\u0661\u0662 \u0967\u0968 \u2167 \u00bd \u2075 \u3007 \u5341 --- *** ... ?!?! \"'`"
).split(" ")
SINGLETONS = (
    "\u212b\u2126\u1f71\u0340\u0374\u037e\u0387\uf900\ufa0e\ufa30\U0002f800\U0002fa1d\u2adc"
)
RANGES = (
    (0x20, 0x7F), (0xA0, 0x250), (0x250, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x1100, 0x1200),
    (0x1E00, 0x2000), (0x2000, 0x2C00), (0x3000, 0x3100), (0x4E00, 0xA000), (0xA000, 0xD800),
    (0xE000, 0x10000), (0x10000, 0x11000), (0x11000, 0x12000), (0x16000, 0x1B300),
    (0x1D000, 0x1F000), (0x1F000, 0x20000), (0x20000, 0x32400), (0xE0000, 0xE0200),
    (0, 0x110000),
)  # fmt: skip


class RandomStrings:
    """A fixed sequence for a seed; special: contents of added tokens to scatter."""

    def __init__(self, seed: int, special: list[str]):
        self.random = random.Random(seed)
        self.special = special
        self.marks = [chr(c) for c in range(0x300, 0x1E94B) if unicodedata.combining(chr(c))]
        self.decomposed = [
            unicodedata.normalize("NFD", chr(c))
            for c in (*range(0xC0, 0x2000), *range(0xAC00, 0xD7A4, 7), *range(0x11000, 0x11A00))
            if unicodedata.decomposition(chr(c)) or 0xAC00 <= c < 0xD7A4
        ]
        self.kinds = (
            self.code_points, self.combined, self.emoji, self.controls, self.spaces,
            self.unstable, self.specials, self.words, self.words, self.spaced_words,
        )  # fmt: skip

    def one(self) -> str:
        pick = self.random
        if pick.random() < 0.002:
            return self.run()
        return "".join(pick.choice(self.kinds)() for _ in range(pick.randint(1, 5)))

    def some(self, pool, longest: int) -> list[str]:
        return self.random.choices(pool, k=self.random.randint(1, longest))

    def code_points(self) -> str:
        low, high = self.random.choice(RANGES)
        points = (self.random.randrange(low, high) for _ in range(self.random.randint(1, 12)))
        return "".join(chr(c) for c in points if not 0xD800 <= c < 0xE000)

    def combined(self) -> str:
        bases = "aeoAKs1 \u1100\u3042\u0915字"
        return "".join(
            self.random.choice(bases) + "".join(self.some(self.marks, 3))
            for _ in range(self.random.randint(1, 4))
        )

    def emoji(self) -> str:
        return "".join(self.some(EMOJI, 8))

    def controls(self) -> str:
        return "".join(chr(self.random.choice((*range(32), *range(127, 160)))) for _ in range(3))

    def spaces(self) -> str:
        pool = self.random.choice((" ", " \n", "\r\n", " \t\n", SPACES, SPACES + NEARLY_SPACES))
        return "".join(self.some(pool, 20))

    def unstable(self) -> str:
        return "".join(self.some(self.decomposed, 3) + self.some(SINGLETONS, 2))

    def specials(self) -> str:
        token = self.random.choice(self.special)
        cut = self.random.choice((token, token, token, token[:-1], token[1:], token.upper()))
        return self.random.choice(("", " ", "\n", "x")) + cut + self.random.choice(("", " ", "x"))

    def words(self) -> str:
        return self.random.choice(("", " ")).join(self.some(WORDS, 5))

    def spaced_words(self) -> str:
        return "".join(" " * self.random.randint(0, 3) + word for word in self.some(WORDS, 6))

    def run(self) -> str:
        unit = self.random.choice(
            ("a", " ", "\n", "ab", "1", "字", "!?", "é", "e\u0301", "😀", "=")
        )
        return unit * self.random.randint(100, 3000) + self.words()
