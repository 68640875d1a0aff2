"""Which of several processes lets a caller in."""

from bot.serving.door import Guests


def test_whoever_has_more_guests_than_another_stands_back() -> None:
    guests = Guests(3)
    assert not guests.somebody_has_fewer(0)
    guests.note(0, 1)
    assert [guests.somebody_has_fewer(place) for place in range(3)] == [True, False, False]
    guests.note(1, 1)
    guests.note(2, 1)
    assert not any(guests.somebody_has_fewer(place) for place in range(3))
