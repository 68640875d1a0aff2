"""The webhook: who may call, what is stored, and that nothing is answered before it is kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.delivery.storing import BACKLOG, TURN
from bot.delivery.telegram_inbox import store_telegram_update
from data.delivery import jobs
from data.delivery.models import Job
from data.kernel.errors import TooOften
from data.merchants import ChannelAccount
from tests.bot.builders import a_tuanzi
from tests.bot.delivery.telegram import SECRET, Post, message


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


@pytest.mark.parametrize(
    "secret",
    [None, b"", b"wrong", SECRET.encode() + b"x", SECRET[:-1].encode(), "团子".encode(), b"\xff"],
)
def test_a_forged_call_is_refused_and_leaves_nothing(post: Post, secret: bytes | None) -> None:
    assert post.call(message(1, "hi"), secret=secret).status_code == 403  # T01
    assert post.call(b"not even JSON", secret=secret).status_code == 403  # its body is not read
    assert (post.inbox(), turns(post)) == ([], 0)


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


def test_the_same_update_twice_is_two_200s_and_one_effect(post: Post) -> None:  # T02
    answers = [post.call(message(5, "hi")).status_code for _ in range(2)]
    post.work()
    answers.append(post.call(message(5, "hi")).status_code)
    post.work()
    assert answers == [200, 200, 200]
    assert (len(post.inbox()), turns(post), len(post.said())) == (1, 1, 1)


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


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"hi"',
        b"null",
        b"\xff\xfe",
        b'{"update_id": NaN}',
        b'{"update_id": 1, "x": Infinity}',
        b'{"update_id": "1"}',
        b'{"update_id": true}',
        b'{"update_id": -1}',
        b'{"update_id": 9223372036854775808}',
        b"{}",
        b'{"update_id": 1, "x": ' + b"[" * 100_000,
        b'{"update_id": 1, "x": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    ids=range(15),
)
def test_what_is_no_update_is_400_and_never_500(post: Post, raw: bytes) -> None:
    assert post.call(raw).status_code == 400
    assert post.inbox() == []


def test_more_than_a_mebibyte_is_not_read(post: Post) -> None:
    raw = json.dumps(message(1, "x" * 1024 * 1024)).encode()
    assert post.call(raw).status_code == 413
    assert post.inbox() == []


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
