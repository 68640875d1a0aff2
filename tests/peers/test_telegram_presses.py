"""A press in a group is answered over the chat, to the presser alone; a message only if that is
too late."""

from itertools import count

from tests.peers.telegram_world import Group, Person, Street, wait

_ids = count(9000)


def alerts(street: Street) -> list[str]:
    return [
        call["fields"]["text"]
        for call in street.calls("answerCallbackQuery")
        if call["fields"].get("show_alert") in ("true", "True", True)
    ]


def test_somebody_elses_button_is_refused_in_a_window_and_the_group_reads_nothing(
    street: Street,
) -> None:
    ann, eve, group = Person(next(_ids), "Ann"), Person(next(_ids), "Eve"), Group(-next(_ids))
    street.say(ann, "/help", group)
    street.wait_for("Here is what I can do", group)
    before = len(street.told(group))
    street.press(eve, "My orders", group)
    wait(lambda: any("somebody else's" in one for one in alerts(street)) or None, street.calls)
    street.settle()
    assert len(street.told(group)) == before


def test_a_press_that_telegram_waits_for_no_more_is_answered_by_a_message(street: Street) -> None:
    ann, group = Person(next(_ids), "Ann"), Group(-next(_ids))
    street.refuse(
        "answerCallbackQuery",
        None,
        status=400,
        description="Bad Request: query is too old and response timeout expired",
    )
    street.press_token(ann, "tap:AAECAwQFBgcICQoL", group)
    street.wait_for("That button is no longer good", group)
