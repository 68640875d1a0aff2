"""What only some shops or some commands need is not in every process that serves."""

import subprocess
import sys

from tests.house.source import ROOT

# Alembic changes schemas (11 MB); python-telegram-bot speaks for shops that have a bot (8 MB),
# wechatpy for those with an official account (8 MB).
_ON_DEMAND = {"alembic", "telegram", "wechatpy"}


def test_a_serving_process_brings_no_library_that_nobody_has_asked_for():
    code = "import sys, bot.cli, bot.serving.server; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split()
    assert not _ON_DEMAND & set(loaded)
