"""The doors at which we ask: what a desk of WeCom and a homeserver say, with something changed.

In most answers a sound message stands beside the hostile ones: it is kept, whatever they were.
"""

import asyncio
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from httpx import AsyncClient
from sqlalchemy import select

from bot.channels.matrix_rooms import MARK
from data.delivery import cursors
from data.delivery.models import InboxRow, InboxState
from integrations.http import Unreachable
from integrations.matrix_answers import HomeserverError
from integrations.wechat_errors import WeChatError
from tests.bot.delivery.matrix import US
from tests.bot.delivery.wecom import a_group_event
from tests.peers.conformance.bench import Bench, numbers
from tests.peers.conformance.fuzzed import (
    Door,
    Flying,
    Thrown,
    as_thrown,
    broken,
    is_answered,
)
from tests.peers.conformance.matrix_bench import MatrixBench
from tests.peers.conformance.mutating import leaf, mutated, mutated_xml, names_in, to_bytes, words
from tests.peers.conformance.wecom_bench import WeComBench
from tests.peers.wecom_platform import CORP_ID, DESK

_RECORDED = Path(__file__).parents[2] / "recordings"
_PLACES = 97  # rooms and people: no lane of theirs is ever full, and what is known of them changes
Json = dict[str, Any]


@cache
def _recorded(name: str) -> list[Json]:
    whole = json.loads((_RECORDED / "wecom" / "messages.json").read_text(encoding="utf-8"))
    files = sorted((_RECORDED / "matrix").glob("*.json"))
    told = [json.loads(file.read_text(encoding="utf-8"))["told"]["event"] for file in files]
    return told if name == "matrix" else [one["stored"] for one in whole]


def _asking(bench: Bench, throw: Callable[[Random, list[str]], Flying]) -> Door:
    """`sound`: the names of the messages that must have been kept and answered by now."""
    sound: list[str] = []

    def check() -> None:
        with bench.tuanzi.database.reading() as session:
            handled = select(InboxRow.event_id).where(
                InboxRow.account_id == bench.account.id, InboxRow.state == InboxState.HANDLED
            )
            found = set(session.scalars(handled.where(InboxRow.event_id.in_(sound))))
        assert found == set(sound)
        sound.clear()
        is_answered(bench)

    return Door(lambda chance: throw(chance, sound), check, bench.runner.run)


# — WeCom —


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a desk says to the next question; `sound` stands in it, if it can be read at all."""

    bench: WeComBench = field(repr=False)
    content: bytes
    sound: str
    kept: list[str] = field(repr=False)

    async def fly(self, _client: AsyncClient) -> None:
        instead, listening = self.bench.platform.rules.instead, self.bench.listening
        instead[:] = [self.content, b'{"errcode": 0}']
        listening._asked_at = None  # as after ten minutes
        try:
            await listening.step()
        except (Unreachable, WeChatError):
            return  # asked again later, as `run` does
        finally:
            instead.clear()
        self.kept.extend([self.sound] if self.sound else ())


def _wecom(bench: WeComBench) -> Door:
    messages = [one["kf"] for one in _recorded("wecom") if isinstance(one.get("kf"), dict)]
    documents = [one["xml"] for one in _recorded("wecom") if "xml" in one]
    documents += [bench._bell(), a_group_event("update", UpdateDetail="add_member")]
    tags = sorted({part.partition(">")[0] for xml in documents for part in xml.split("</")[1:]})
    names, path = names_in(messages), f"/webhooks/wecom/{CORP_ID}"

    def call(chance: Random) -> Thrown:
        def document(chance: Random) -> str:
            return mutated_xml(chance.choice(documents), chance, names=tags)

        signed = broken(bench.company.sign(document(chance)), document, chance)
        if chance.random() < 0.8:
            return as_thrown(path, signed, chance)
        asked = {**signed.query, "echostr": chance.choice([bench.company.keys.seal("x"), "x"])}
        return as_thrown(path, type(signed)(asked, b""), chance, "GET")

    def page(chance: Random, kept: list[str]) -> Pulled:
        listed: list[Any] = [
            mutated(_told(one, bench, chance), chance, names=names)
            for one in chance.choices(messages, k=chance.randrange(4))
        ]
        listed += [leaf(chance)] if chance.random() < 0.1 else []
        answer: Json = {"errcode": 0, "errmsg": "ok", "next_cursor": f"cur-{next(numbers)}-0"}
        answer |= {"has_more": chance.randrange(2), "msg_list": listed}
        if chance.random() < 0.2:
            answer = mutated(answer, chance, names=[*answer])
            return Pulled(bench, to_bytes(answer, chance), "", kept)
        sound = bench._told("hello", bench.person())
        listed.insert(chance.randrange(len(listed) + 1), sound)
        return Pulled(bench, json.dumps(answer).encode(), sound["msgid"], kept)

    def throw(chance: Random, kept: list[str]) -> Flying:
        return call(chance) if chance.random() < 0.5 else page(chance, kept)

    door = _asking(bench, throw)

    def check() -> None:
        _begin_anew(bench)
        door.check()

    return Door(door.throw, check, door.run)


def _told(one: Json, bench: WeComBench, chance: Random) -> Json:
    """As of now, and of one of many customers."""
    more = {"msgid": f"f_{next(numbers)}", "send_time": bench.company.now, "open_kfid": DESK}
    return {**one, **more, "external_userid": f"wm_f{chance.randrange(_PLACES)}"}


def _begin_anew(bench: WeComBench) -> None:
    """The stand-in takes no cursor but its own."""
    here, now = f"cur-{len(bench.platform.stream)}-0", bench.tuanzi.clock.now()
    with bench.tuanzi.database.transaction() as session:
        cursors.move(session, account=bench.account, to=here, now=now)


# — Matrix —


@dataclass(frozen=True, slots=True)
class Synced:
    """What a homeserver says to the next questions of a look: the sync, and each page of a gap."""

    bench: MatrixBench = field(repr=False)
    status: int
    content: bytes
    page: bytes
    sound: str
    kept: list[str] = field(repr=False)

    async def fly(self, _client: AsyncClient) -> None:
        says, guest = self.bench.home.says, self.bench.listening.guest
        self.bench.home.calls.clear()
        says[:0] = [
            ("GET .*/sync.*since=", lambda _: (self.status, self.content)),
            ("GET .*/messages", lambda _: (200, self.page)),
        ]
        try:
            await self.bench.listening.step()
        except HomeserverError:
            return  # asked again later, as `run` does
        finally:
            await _arrived({*guest._ways})
            del says[:2]
        self.kept.extend([self.sound] if self.sound else ())


async def _arrived(ways: set[asyncio.Task[None]]) -> None:
    """Into rooms that we were asked into; who would try again later need not, here."""
    done, others = await asyncio.wait(ways, timeout=0.5) if ways else (set(), set())
    for way in others:
        way.cancel()
    for way in done:
        way.result()


def _matrix(bench: MatrixBench) -> Door:
    events = _recorded("matrix")
    names = [*names_in(events), MARK, "limited", "prev_batch", "invite_state"]
    bench.home.say("POST .*/join/", {"room_id": "!x:loop.test"})

    def answer(chance: Random) -> Json:
        told = _sync(chance, [_anew(one) for one in chance.choices(events, k=chance.randrange(4))])
        changed: Json = mutated(told, chance, names=names)
        return changed

    def throw(chance: Random, kept: list[str]) -> Flying:
        told, sound = answer(chance), ""
        rooms: Any = told.get("rooms")
        joined = rooms.get("join") if isinstance(rooms, dict) else None
        page: Json = {"chunk": [_anew(one) for one in chance.choices(events, k=2)]}
        page |= {"end": "p2"} if chance.random() > 0.9 else {}
        more = to_bytes(mutated(page, chance, names=names), chance)
        if isinstance(joined, dict) and chance.random() < 0.8:
            good = bench.said("hello", f"@g{next(numbers)}:loop.test")
            sound, room = good.event["event_id"], {"timeline": {"events": [good.event]}}
            rooms["join"] = dict([*joined.items(), (good.room, room)])
            content = json.dumps(told).replace("1e+308", "1e999").encode()
            return Synced(bench, 200, content, more, sound, kept)
        status = chance.choice([200, 200, 200, 400, 403, 429, 500, 502])
        if status != 200:
            wrong = {"errcode": "M_LIMIT_EXCEEDED", "error": words(chance), "retry_after_ms": 5}
            told = mutated(wrong, chance, names=[*wrong])
        return Synced(bench, status, to_bytes(told, chance), more, "", kept)

    return _asking(bench, throw)


def _anew(event: Json) -> Json:
    return {**deepcopy(event), "event_id": f"$f{next(numbers)}"}


def _sync(chance: Random, events: list[Json]) -> Json:
    """Of one room, in which they happen; and who else wants us, or wants us no more."""
    number = chance.randrange(_PLACES)
    room, who = f"!f{number}:loop.test", f"@f{number}:loop.test"
    for event in events:
        if event["sender"] != US and chance.random() < 0.5:
            event["sender"] = who
    mark = {"type": "m.room.create", "state_key": "", "sender": US, "content": {MARK: who}}
    name = {"type": "m.room.name", "state_key": "", "sender": who, "content": {"name": "x"}}
    part: Json = {"timeline": {"events": events}, "state": {"events": [mark, name]}}
    part["account_data"] = {"events": [{"type": MARK, "content": {"user": who, "at": 7}}]}
    part["summary"] = {"m.joined_member_count": chance.randrange(4), "m.invited_member_count": 0}
    if chance.random() > 0.8:
        part["timeline"] |= {"limited": True, "prev_batch": "p1"}
    asked = {"type": "m.room.member", "state_key": US, "sender": who, "origin_server_ts": 7}
    asked["content"] = {"membership": "invite", "is_direct": True}
    direct = {"type": "m.direct", "content": {who: [room]}}
    return {
        "next_batch": f"s{next(numbers)}",
        "account_data": {"events": [direct]},
        "rooms": {
            chance.choice(["join", "join", "join", "leave"]): {room: part},
            "invite": {f"!i{number}:loop.test": {"invite_state": {"events": [asked]}}},
        },
    }


ASKING: dict[str, Callable[[Any], Door]] = {"wecom": _wecom, "matrix": _matrix}
