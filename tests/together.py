"""Which tests one worker takes together, because what they need is dear to make.

A browser, what demos are forked from, a peer of Telegram, a shop at a terminal, our source as
trees: each is made once for a run, not once for each worker. Everything else goes by the file
wherever a worker is free: by the test, the scheduler itself took an eighth of a core. (The marks of
pytest-xdist for this do nothing under pytest 9.2: it writes them into a name nobody reads.)
"""

from xdist.scheduler import LoadScopeScheduling

_HOMES = (
    ("tests/browser/", "tests/crash/"),
    ("tests/peers/",),
    ("tests/bot/cli/",),
    ("tests/races/",),
    ("tests/house/",),
    ("tests/bot/serving/test_serving.py",),
    # Half a minute each: with their neighbours they begin early, alone they might be the last.
    ("tests/data/group_buys/test_machine.py",),
    ("tests/data/payments/test_money_machine.py",),
)


class Together(LoadScopeScheduling):
    """The largest of these begin first, so that none is left for the end."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((home[0] for home in _HOMES if file.startswith(home)), file)
