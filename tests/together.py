"""Which tests one worker takes together, because what they need is dear to make.

A browser and a running demo, a peer of Telegram, a shop that is killed: each is made once for a
run, not once for each worker. Everything else goes wherever a worker is free. (The marks that
pytest-xdist has for this do nothing under pytest 9.2: it writes them into a name nobody reads.)
"""

from xdist.scheduler import LoadScopeScheduling

_HOMES = (
    "tests/browser/",
    "tests/crash/",
    "tests/peers/",
    "tests/races/",
    "tests/bot/serving/test_serving.py",
)


class Together(LoadScopeScheduling):
    """The largest of these begin first, so that none is left for the end."""

    def _split_scope(self, nodeid: str) -> str:
        return next((home for home in _HOMES if nodeid.startswith(home)), nodeid)
