"""The line of a full team through Telegram's stand-in: one card that counts who waits, and whose
turn it is hears of it in private."""

from tests.peers.telegram_world import USERNAME, Street
from tests.peers.test_telegram_journeys import (
    CREW,
    JUN,
    LAN,
    QI,
    WEI,
    assert_sound,
    follow_link,
    mention,
    take_seat,
    verdict,
)


def test_who_waits_in_a_group_is_asked_to_pay_in_private_when_a_place_comes_free(
    quiet_street: Street,
) -> None:
    street = quiet_street
    street.say(LAN, f"@{USERNAME} start a group buy for the oolong", CREW, entities=mention())
    street.wait_for("Lan has started a group buy", CREW)
    street.settle()
    follow_link(street, LAN)
    street.say(WEI, "count me in", CREW)
    street.settle()
    street.wait_for("2 paying right now", CREW)
    for place, who in enumerate((JUN, QI), 1):
        street.press(who, "Get in line", CREW)
        street.settle()
        follow_link(street, who)
        street.wait_for(f"You are number {place} in line", who)
    street.wait_for("2 in line for a place", CREW)
    street.say(WEI, "count me out", CREW)
    street.wait_for("it is your turn", JUN)
    street.wait_for("1 in line for a place", CREW)
    street.press(JUN, "Pay now")
    street.wait_for("A seat in .* is yours for", JUN)
    take_seat(street, JUN, "Jun Chen, 13700137000, 5 Tiyu West Road, Tianhe, Guangzhou")
    street.press(QI, "Leave the line")
    street.wait_for("you are out of the line", QI)
    cards = [bubble for bubble in street.bubbles(CREW) if "Oolong for two\n" in bubble.text]
    assert len(cards) == 1, street.told(CREW)
    for words in ("number 1", "your turn", "/pay/"):
        assert not any(words in text for text in street.told(CREW))
    judged = verdict(street.journal, "answerCallbackQuery", "editMessageText", "sendMessage")
    assert judged["ok"], judged
    assert_sound(street)
