"""Which of several processes lets a caller in."""

from functools import partial

from bot.serving.door import Counted, Guests


def test_whoever_has_more_guests_than_another_stands_back() -> None:
    guests = Guests(3)
    assert not guests.somebody_has_fewer(0)
    guests.note(0, 1)
    assert [guests.somebody_has_fewer(place) for place in range(3)] == [True, False, False]
    guests.note(1, 1)
    guests.note(2, 1)
    assert not any(guests.somebody_has_fewer(place) for place in range(3))


def test_whoever_comes_or_goes_by_whatever_way_is_counted() -> None:
    """A connection that becomes a web socket is removed, one that ends is discarded."""
    guests = Guests(2)
    guests.note(0, 7)  # of a process that died
    here = Counted(partial(guests.note, 0))
    assert not guests.somebody_has_fewer(0)
    here.add("one")
    here.add("two")
    assert guests.somebody_has_fewer(0)
    here.remove("one")
    here.discard("two")
    here.discard("two")
    assert not guests.somebody_has_fewer(0)
