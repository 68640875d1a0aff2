"""Which of the options that were shown people count in when they say "the second one"."""

from data.conversations import Offered as Shown
from dialogs.understanding import Offered

_ANSWER = "/SetSlots("


def newest(offers: list[Shown]) -> tuple[Offered, ...]:
    """The options shown last, together: an older number is not a choice among these.

    A question asked again after a digression repeats its own buttons, not the cards above it: an
    earlier list with all of these answers is still the one that people count in. Where numbers
    are written before them, what was written last holds.
    """
    batches: dict[str, list[Shown]] = {}
    for option in reversed(offers):
        batches.setdefault(option.batch, []).append(option)
    lists = list(batches.values())[::-1]
    if not lists:
        return ()
    newest = lists[0]
    repeated = _answers(newest)
    whole = (one for one in lists if repeated and repeated < _answers(one))
    counted = next(whole, newest)
    beside = [one for one in newest if one.payload not in {option.payload for option in counted}]
    written = {option.payload: abs(option.number) for option in newest}
    places = [(option, max(option.number, 0)) for option in counted]
    return tuple(
        Offered(option.label, option.payload, place, _written(option, written))
        for option, place in (*places, *((option, 0) for option in beside))
    )


def _written(option: Shown, last: dict[str, int]) -> int:
    """Its number as a line; 0 where another stands there with the same one by now."""
    number = abs(option.number)
    return last.get(option.payload, 0 if number in last.values() else number)


def _answers(options: list[Shown]) -> set[str]:
    return {option.payload for option in options if option.payload.startswith(_ANSWER)}
