"""Derives the letter table of folding.py from OpenCC: which letters only one script writes.

python -m dialogs.understanding.scripts
"""

import json
from pathlib import Path

from opencc import OpenCC

TABLE = Path(__file__).parent / "weights" / "letters.json"
_RANGES = ((0x3400, 0x9FFF), (0xF900, 0xFAFF))
# Written every day in Traditional text too, although OpenCC knows a longer form.
_IN_BOTH = frozenset("台里后干几余舍丑谷岳朴吁佣郁只面群床峰")


def letter_table() -> dict[str, str]:
    simplify, complicate = OpenCC("t2s"), OpenCC("s2t")
    every = [chr(code) for first, last in _RANGES for code in range(first, last + 1)]
    pairs = [(letter, simplify.convert(letter)) for letter in every]
    pairs = [(letter, simple) for letter, simple in pairs if letter != simple and len(simple) == 1]
    only_simplified = [
        letter for letter in every
        if letter not in _IN_BOTH and complicate.convert(letter) != letter
    ]  # fmt: skip
    return {
        "traditional": "".join(letter for letter, _ in pairs),
        "simplified": "".join(simple for _, simple in pairs),
        "only_simplified": "".join(only_simplified),
    }


def main() -> None:
    TABLE.write_text(json.dumps(letter_table(), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
