"""What happened while somebody had no chat with us is told when they have one again, once."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.play.world import World
from data.conversations import WAKE
from data.delivery.models import Job, OutboxRow
from data.people import Chat
from tests.bot.delivery.test_waking import BUYS, NOW, act
from tests.worlds import world_at

world = world_at(NOW)
UNLINKS = """
      - {as: Ann, user: /link}
      - {as: Annie, user: "/link {code}"}
      - {press: "Yes, they are both mine"}
      - {as: Ann, press: "Yes, that was me"}
      - {as: Annie, user: unlink}
      - {press: "the app (1)"}
      - {press: "Yes, unlink", utter: utter_unlinked}"""
GIFT = BUYS.replace('"do you have a teapot?"', '"a birthday gift for my mum under 300"').replace(
    "buy the first one", "the first one"
)


@pytest.fixture
def alone(world: World, tmp_path: Path) -> World:
    """Ann's chat is a stranger's, Annie's is shut, and their gift is paid."""
    act(world, tmp_path, GIFT + UNLINKS)
    reaches(world, reachable=False)
    act(world, tmp_path, "\n      - {pays: Ann}")
    return world


def reaches(world: World, *, reachable: bool) -> None:
    with world.tuanzi.database.transaction() as session:
        session.execute(update(Chat).where(Chat.external_id == "Annie").values(reachable=reachable))


def waiting(world: World) -> list[Job]:
    with world.tuanzi.database.reading() as session:
        due = select(Job).where(Job.kind == WAKE, Job.key.startswith("unheard:"))
        due = due.where(Job.state == "due")
        return list(session.scalars(due))


def test_it_is_told_once_when_their_chat_is_open_again(alone: World, tmp_path: Path) -> None:
    (job,) = waiting(alone)
    assert job.args["event"] == "payment_paid"
    act(alone, tmp_path, "\n      - {later: 9 hours}")
    assert waiting(alone)
    reaches(alone, reachable=True)
    act(
        alone,
        tmp_path,
        """
      - {later: 1 day}
      - {as: Annie, in: private, utter: utter_offer_gift_day}""",
    )
    assert waiting(alone) == []
    with alone.tuanzi.database.reading() as session:
        offer = OutboxRow.response == "utter_offer_gift_day"
        assert len(session.scalars(select(OutboxRow).where(offer)).all()) == 1


@pytest.mark.slow
def test_after_a_month_nobody_waits_any_more(alone: World, tmp_path: Path) -> None:
    act(alone, tmp_path, "\n      - {later: 32 days}\n      - {later: 2 days}")
    assert waiting(alone) == []
