"""A team survives what happens to its chat: the group moves, we are thrown out, a member leaves."""

from datetime import timedelta

from sqlalchemy import select

from data.delivery.models import Job, OutboxRow
from data.group_buys import SeatState, TeamState, TeamView, live_seat, team_view
from data.group_buys.models import Seat, Team
from data.kernel.clock import TurnableClock
from data.people import ChannelIdentity
from tests.bot.delivery.telegram import ANN, BOB, GROUP, Post, body, place, press, update, user

_BEFORE = -4321  # what the group was called before it moved
_TOLD = 500  # numbers of updates
_BOT = {"id": 7, "is_bot": True, "first_name": "Tuanzi", "username": "tuanzi_test_bot"}


def _opens(post: Post, where: int) -> str:
    """Ann's team in her group; gives what its button to join by says."""
    post.say("@tuanzi start a group buy", where=where)
    post.work()
    post.call(press(_TOLD - 2, post.buttons()[-1]["payload"], who=ANN, where=where))
    post.work()
    return str(next(one for one in post.buttons() if one["title"] == "Join")["payload"])


def _joins(post: Post, button: str, *, where: int) -> None:
    post.call(press(_TOLD - 1, button, who=BOB, where=where))
    post.work()


def _team(post: Post) -> TeamView:
    with post.tuanzi.database.reading() as session:
        return team_view(
            session, session.scalars(select(Team).where(Team.chat_id.is_not(None))).one()
        )


def _seat_of(post: Post, who: int) -> Seat | None:
    with post.tuanzi.database.reading() as session:
        person = session.scalars(
            select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == str(who))
        ).one()
        return live_seat(session, team_id=_team(post).id, person_id=person)


def _rows(post: Post, where: int) -> list[OutboxRow]:
    chat = post.chat(where)
    assert chat is not None
    with post.tuanzi.database.reading() as session:
        mine = select(OutboxRow).where(OutboxRow.chat_id == chat.id).order_by(OutboxRow.id)
        return list(session.scalars(mine))


def _days_later(post: Post) -> None:
    """All that falls due on the way is done; nothing is left broken."""
    clock = post.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    for _ in range(8):
        clock.turn_to(clock.now() + timedelta(hours=6))
        post.work()
    with post.tuanzi.database.reading() as session:
        assert session.scalars(select(Job.error).where(Job.error != "")).all() == []


def test_a_group_that_moves_takes_its_team_with_it(post: Post) -> None:
    button = _opens(post, _BEFORE)
    post.call(update(_TOLD, message=body("", where=_BEFORE, migrate_to_chat_id=GROUP)))
    post.work()
    _joins(post, button, where=GROUP)
    moved = post.chat(GROUP)
    assert moved is not None
    assert _team(post).chat_id == moved.id
    assert _team(post).paying == 2
    assert "utter_team_card" in [row.response for row in _rows(post, GROUP)]


def test_we_are_thrown_out_and_the_team_is_decided_all_the_same(post: Post) -> None:
    _joins(post, _opens(post, GROUP), where=GROUP)
    out = {
        "chat": place(GROUP),
        "from": user(ANN),
        "date": 1_790_000_000,
        "old_chat_member": {"user": _BOT, "status": "member"},
        "new_chat_member": {"user": _BOT, "status": "kicked", "until_date": 0},
    }
    post.call(update(_TOLD, my_chat_member=out))
    post.work()
    before = len(_rows(post, GROUP))
    _days_later(post)
    assert _team(post).state in (TeamState.FAILED, TeamState.CANCELLED)
    told = {row.response for row in _rows(post, GROUP)[before:]}
    assert told == {"utter_team_card"}, "the card for when we come back, and no word into the void"


def test_who_leaves_the_group_keeps_their_place(post: Post) -> None:
    _joins(post, _opens(post, GROUP), where=GROUP)
    left = body("", who=ANN, where=GROUP, left_chat_member=user(BOB))
    post.call(update(_TOLD, message=left))
    post.work()
    seat = _seat_of(post, BOB)
    assert seat is not None
    assert seat.state == SeatState.HELD
    assert _team(post).paying == 2
