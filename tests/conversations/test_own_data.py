"""T53: a person's file holds all that is stored of them, and when they are forgotten nothing that
was theirs stands anywhere, but the amounts that the books need."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.channels.rest import RestMetadata
from bot.demo.clock import clock_of, settle
from bot.pages.bank import visit_bank
from bot.play.world import World
from bot.site import create_site
from data.analytics import step_figures
from data.audit import audit
from data.delivery.models import Job
from data.kernel.database import Base
from data.orders import Order
from data.payments.sandbox_models import Outcome
from data.people import ChannelIdentity, Person
from data.personal.exporting import export_person
from data.personal.forgetting import FAREWELL
from data.personal.models import PersonMove
from tests.bot.open_demo import a_browser
from tests.worlds import world_at

WHO, STREET, FRIEND = "Zebediah", "22 Quillfeather Road", "Okonkwo"
PHONE = "+44 7700 900123"
CANARIES = (WHO, "Quillfeather", FRIEND, "900123", "honeycomb")

world = world_at(datetime.fromisoformat("2026-11-22T10:00:00+08:00"))


def say(world: World, text: str, who: str = WHO) -> None:
    about = RestMetadata.model_validate({"locale": "en", "name": who})
    world.say(who=who, where="private", text=text, about=about)
    asyncio.run(settle(world.tuanzi))
    world.listen()


def press(world: World, label: str, who: str = WHO) -> None:
    buttons = [
        button
        for said in world.heard
        if said.chat == who
        for button in said.message.get("buttons", ())
    ]
    say(world, [one["payload"] for one in buttons if one["title"].startswith(label)][-1], who)


def newest(world: World, sign: str) -> str:
    """What stands after this sign in the newest message that has it."""
    found = [json.dumps(said.message) for said in world.heard if sign in json.dumps(said.message)]
    return found[-1].split(sign)[1].split('"')[0].split("\\")[0].split(" ")[0]


def buy(world: World) -> None:
    for text in ("do you have a teapot?", "buy the first one", "the first one"):
        say(world, text)
    say(world, f"{WHO} Moon, {PHONE}, {STREET}, London")
    press(world, "Yes, place it")


def everything(world: World) -> str:
    with world.tuanzi.database.reading() as session:
        return "\n".join(
            f"{table.name}: {json.dumps(list(map(str, row)), ensure_ascii=False)}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )


def person(world: World) -> Person:
    with world.tuanzi.database.reading() as session:
        known = ChannelIdentity.external_id == WHO
        return session.scalars(
            select(Person)
            .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
            .where(known)
        ).one()


def goes_on(world: World) -> None:
    """Audit, books, history and figures, after somebody was forgotten."""
    now = world.tuanzi.clock.now()
    with world.tuanzi.database.reading() as session:
        assert audit(session, now=now) == []
        assert session.scalars(select(Order.total_minor)).one() > 0
        assert session.scalars(select(PersonMove.kind)).all() == ["erased"]
        assert session.scalars(select(Job.state).where(Job.kind == FAREWELL)).all() == ["done"]
        since, merchant = now - timedelta(days=30), world.account.merchant_id
        assert step_figures(session, merchant_id=merchant, since=since, until=now, now=now)


def test_who_is_forgotten_stands_nowhere_any_more(world: World) -> None:
    say(world, f"my friend {FRIEND}'s birthday is on 3 May")
    say(world, "do you have honeycomb slippers")
    buy(world)
    token = newest(world, "/pay/")
    asyncio.run(visit_bank(world.tuanzi, token=token, outcome=Outcome.APPROVED))
    asyncio.run(settle(world.tuanzi))
    world.listen()
    say(world, "forget me")
    assert any("is paid and not finished" in said.text for said in world.heard)
    assert any(canary in everything(world) for canary in CANARIES)

    with world.tuanzi.database.transaction() as session:
        session.scalars(select(Order)).one().state = "delivered"
    say(world, "forget me")
    press(world, "Yes, forget me")
    press(world, "Yes, for good")
    assert any("I am forgetting you now" in said.text for said in world.heard)
    clock_of(world.tuanzi).advance(timedelta(days=2))
    asyncio.run(settle(world.tuanzi))

    left = everything(world)
    assert [line for line in left.splitlines() if any(one in line for one in CANARIES)] == []
    goes_on(world)
    assert world.unlike_their_log() == []

    say(world, "hello")
    assert person(world).erased_at is None


def test_the_file_holds_every_row_of_theirs_and_of_nobody_else(world: World) -> None:
    say(world, f"my friend {FRIEND}'s birthday is on 3 May")
    say(world, "my friend Somebodyelse's birthday is on 4 May", "Bob")
    buy(world)
    me = person(world)
    with world.tuanzi.database.transaction() as session:
        now = world.tuanzi.clock.now()
        mine = json.dumps(export_person(session, person=me, by=me.id, now=now), default=str)
        shops = export_person(session, person=me, by="stf_1", sealed=False, now=now)
        assert all(one in mine for one in (WHO, "Quillfeather", FRIEND, "900123"))
        assert "Somebodyelse" not in mine
        assert "Quillfeather" not in json.dumps(shops, default=str)
        assert FRIEND not in json.dumps(shops["occasions"], default=str)


def test_a_link_gives_the_file_once_and_looking_uses_nothing_up(world: World) -> None:
    say(world, "what do you know about me")
    token = newest(world, "/my-data/")
    client = a_browser(create_site(world.tuanzi, works=False))
    for _ in range(20):  # T10
        page = client.get(f"/my-data/{token}")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "deleted 30 days after" in page.text
    taken = client.post(f"/my-data/{token}")
    assert taken.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert taken.headers["cache-control"] == "no-store"
    assert taken.json()["people"][0]["name"] == WHO
    assert client.post(f"/my-data/{token}").status_code == 404
    assert client.get(f"/my-data/{token}").status_code == 404
    say(world, "/export")
    assert "had your file today" in world.heard[-1].text
    clock_of(world.tuanzi).advance(timedelta(hours=25))
    say(world, "/export")
    old = newest(world, "/my-data/")
    clock_of(world.tuanzi).advance(timedelta(hours=25))
    assert client.get(f"/my-data/{old}").status_code == 404


@pytest.mark.parametrize("other", ["same-site", "cross-site"])
def test_another_site_cannot_take_it(world: World, other: str) -> None:
    say(world, "what do you know about me")
    client = a_browser(create_site(world.tuanzi, works=False))
    headers = {"sec-fetch-site": other}
    refused = client.post(f"/my-data/{newest(world, '/my-data/')}", headers=headers)
    assert refused.status_code == 403
