"""The commands the README names exist, and `./dev` alone says what each verb does."""

import re
import subprocess

from tests.house.source import ROOT

_COMMAND = re.compile(r"\./dev ([a-z]+)")


def test_every_command_of_the_readme_exists() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("README*.md"))
    verbs = set(_COMMAND.findall(text))
    assert {"demo", "test"} <= verbs
    script = (ROOT / "dev").read_text(encoding="utf-8")
    assert not [verb for verb in verbs if f"\n{verb})" not in script]


def test_no_verb_prints_one_line_for_each() -> None:
    shown = subprocess.run(
        ["./dev"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    script = (ROOT / "dev").read_text(encoding="utf-8")
    verbs = re.findall(r"^([a-z]+)\)$", script, re.MULTILINE)
    assert [line.split()[1] for line in shown] == verbs
