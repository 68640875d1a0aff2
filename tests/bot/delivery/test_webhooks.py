"""The webhook: who may call, what is stored, and that nothing is answered before it is kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.delivery.storing import BACKLOG, TURN
from bot.delivery.telegram_inbox import store_telegram_update
from data.conversations import Conversation
from data.delivery import jobs
from data.delivery.models import InboxState, Job
from data.kernel.errors import TooOften
from data.merchants import ChannelAccount
from data.people import Chat
from tests.bot.builders import a_tuanzi
from tests.bot.delivery.telegram import ANN, Post, message


def turns(post: Post) -> int:
    with post.tuanzi.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == TURN)) or 0


def fill_lane(post: Post, lane: str, jobs_in_it: int) -> None:
    """So many updates of one chat wait to be answered."""
    now = post.tuanzi.clock.now()
    with post.tuanzi.database.transaction() as session:
        for number in range(jobs_in_it):
            job = jobs.NewJob(lane, TURN, f"flood:{number}", now, {"inbox_id": 0})
            jobs.enqueue(session, job, now=now)


def test_the_secret_of_another_account_opens_nothing(post: Post) -> None:  # T01
    assert post.call(message(1, "hi"), secret=b"theirs").status_code == 403
    assert post.call(message(1, "hi"), bot="8").status_code == 403
    assert post.call(message(1, "hi"), bot="9").status_code == 403
    assert post.inbox() == []


def test_an_account_without_a_secret_or_switched_off_takes_no_calls(post: Post) -> None:
    with post.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, post.account.id)
        account.enabled = False
    assert post.call(message(1, "hi")).status_code == 403
    with post.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, post.account.id)
        account.enabled, account.secret = True, None
    assert post.call(message(1, "hi")).status_code == 403
    assert post.call(message(1, "hi"), secret=None).status_code == 403


def test_the_same_update_at_two_processes_has_one_effect(post: Post, tmp_path: Path) -> None:
    other = a_tuanzi(tmp_path / "shop.db")  # T02
    raws = [message(number, "hi") for number in range(10)]

    def store(tuanzi: object) -> list[bool]:
        shop = other if tuanzi == "other" else post.tuanzi
        return [
            store_telegram_update(shop.database, shop.clock, account=post.account, raw=raw)
            for raw in raws
        ]

    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(store, ["ours", "other"])
    other.close()
    assert [one + two for one, two in zip(ours, theirs, strict=True)] == [1] * 10
    assert turns(post) == 10


def test_a_card_number_is_masked_before_it_is_written(post: Post) -> None:  # T48
    post.say("my card is 4242 4242 4242 4242")
    stored = json.dumps([row.payload for row in post.inbox()])
    assert "4242 4242" not in stored
    assert "************4242" in stored


def test_one_chat_that_floods_is_told_to_wait_and_no_other(post: Post) -> None:  # T03
    fill_lane(post, f"chat:{post.account.id}:101", BACKLOG)
    assert post.call(message(900, "more")).status_code == 429
    assert post.call(message(901, "hello", who=102)).status_code == 200
    assert [row.event_id for row in post.inbox()] == ["901"]
    with pytest.raises(TooOften):
        store_telegram_update(
            post.tuanzi.database, post.tuanzi.clock, account=post.account, raw=message(902, "!")
        )


def test_what_was_a_groups_talk_in_somebodys_own_chat_goes_round_in_no_circle(post: Post) -> None:
    """A chat that moved may bring one along; what is private goes on in that very chat, once."""
    post.say("hello")
    post.work()
    with post.tuanzi.database.transaction() as session:
        theirs = select(Conversation).join(Chat).where(Chat.external_id == str(ANN))
        conversation = session.scalars(theirs).one()
        conversation.snapshot = {**conversation.snapshot, "chat": "group"}
    post.say("I want to talk to a person")
    post.work()
    assert [row.state for row in post.inbox()] == [InboxState.HANDLED] * 2
    assert post.said()[-1] == "utter_human_handoff"
