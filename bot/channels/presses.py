"""A press waits for an answer: the message of ours that gives it carries the press in `reply_to`.

`ASIDE` concerns nobody but the presser: where the messenger can say it to them alone, it does.
"""

PRESS, ASIDE = "press:", "aside:"


def press_of(reply_to: str | None) -> str | None:
    """The messenger's name of the press that a message answers."""
    for mark in (PRESS, ASIDE):
        if reply_to is not None and reply_to.startswith(mark):
            return reply_to.removeprefix(mark)
    return None


def is_aside(reply_to: str | None) -> bool:
    return reply_to is not None and reply_to.startswith(ASIDE)
