"""A purchase in a shop that is thrown away, before the first life begins.

Whoever is forked afterwards has its statements compiled and its language files read, as a shop
has that has been open for a minute.
"""

from bot.play.actor import play
from bot.play.reading import read_stories
from tests import compiled
from tests.house.source import ROOT


def gather() -> None:
    """Nothing is left open: no file, no connection, no thread crosses a fork."""
    compiled.share()
    purchase, *_ = read_stories(ROOT / "tests" / "conversations" / "j1_gift.zh-Hans.yml")
    play(purchase)
