"""From a group into the private chat: the flow goes on in the version that it was begun in."""

from data.conversations import LinkedFlow, make_link, redeem_link
from data.kernel.database import Database
from tests.bot.versions.corner import GIFT, Corner
from tests.builders import NOW, a_merchant, a_person


def test_a_flow_that_goes_private_keeps_its_version(corner: Corner) -> None:
    """It waits in the group while another version is published, and asks for the address then."""
    corner.publish("v1")
    corner.hear("lan", f"@团子 {GIFT}", group="friends")
    corner.publish("v2")
    said = corner.hear("lan", "@团子 我要改收货地址", group="friends")
    assert said[-1] == "v1 utter_ask_secret"
    assert len(corner.pins()) == 1
    assert corner.hear("lan", "苏州") == ["v1 utter_thanks"]


def test_a_link_into_the_private_chat_knows_the_version(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        person = a_person(session, merchant)
        whose = {"merchant_id": merchant.id, "person_id": person.id}
        token = make_link(session, **whose, onward=LinkedFlow("gift", {}, "1" * 64), now=NOW)
        link = redeem_link(session, **whose, token=token, now=NOW)
        assert link is not None
        assert link.version == "1" * 64
