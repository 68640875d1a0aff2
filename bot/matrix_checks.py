"""Checks of a Matrix account: its homeserver, its token, the rooms it is in; and what it allows.

Nobody calls us here, so there is no address of ours to prove: we ask the homeserver.
"""

import asyncio
from collections import Counter

from bot.app import Tuanzi
from bot.channel_abilities import abilities
from bot.channel_checks import Finding, Mark, allowed, sound
from bot.channels.matrix import CAPABILITIES
from bot.channels.matrix_rooms import Rooms, parts_of
from bot.delivery.matrix_accounts import HOMESERVER, unsealed
from bot.delivery.matrix_listening import directory
from bot.settings import Secret
from data.delivery import cursors
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.matrix import Homeserver
from integrations.matrix_answers import Forbidden, HomeserverError, UnknownToken


def check_matrix(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """Without a token nothing else can be asked."""
    with tuanzi.database.reading() as session:
        token = unsealed(session, account)
        listened = cursors.position(session, account_id=account.id) is not None
    if token is None:
        return [Finding(Mark.BROKEN, "check.matrix_sealed_not")]
    return [
        *asyncio.run(_asked(tuanzi, account, token)),
        sound(listened, "check.matrix_listened"),
        *abilities(CAPABILITIES),
        Finding(Mark.CAN, "check.matrix_can"),
        Finding(Mark.CANNOT, "check.matrix_cannot"),
    ]


async def _asked(tuanzi: Tuanzi, account: ChannelAccount, token: Secret) -> list[Finding]:
    address = str(account.settings[HOMESERVER])
    egress = Egress(tuanzi.settings.egress_allowed)
    server = Homeserver(address, token.reveal(), egress=egress)
    try:
        return await _homeserver(server, account.external_id)
    except (UnknownToken, Forbidden):
        return [Finding(Mark.BROKEN, "check.matrix_token_not", {"url": address})]
    except HomeserverError as problem:
        text = "forbidden" if str(problem) == "forbidden_host" else "away"
        values = {"url": address, "why": str(problem)}
        return [Finding(Mark.BROKEN, f"check.matrix_{text}", values)]
    finally:
        await server.close()


async def _homeserver(server: Homeserver, ours: str) -> list[Finding]:
    user = await server.who_am_i()
    known = sound(user == ours, "check.matrix_token", user=user, ours=ours)
    if user != ours:
        return [known]
    answer = await directory(server)
    rooms = Rooms(ours)
    rooms.learn(answer)
    counts = rooms.counted()
    waiting = len([*parts_of(answer, "invite")])
    return [known, *_rooms(counts, waiting)]


def _rooms(counts: Counter[str], waiting: int) -> list[Finding]:
    there = {"groups": counts["group"], "private": counts["private"]}
    found = [allowed(counts.total() > 0, "check.matrix_rooms", **there)]
    if counts["encrypted"]:
        values = {"count": counts["encrypted"]}
        found.append(Finding(Mark.CANNOT, "check.matrix_encrypted", values))
    if waiting:
        found.append(Finding(Mark.CANNOT, "check.matrix_waiting", {"count": waiting}))
    return found
