"""Opens a shop's Matrix account: learns its rooms, listens, and lets the courier speak."""

import logging
from asyncio import sleep
from dataclasses import dataclass

from bot.channels.matrix import SPEEDS, Matrix
from bot.channels.matrix_rooms import Rooms
from bot.channels.pacing import Speeds
from bot.delivery.doors import Office
from bot.delivery.matrix_accounts import HOMESERVER, unsealed
from bot.delivery.matrix_guests import Guest
from bot.delivery.matrix_inbox import MatrixInbox
from bot.delivery.matrix_listening import Listening
from bot.pictures import pictures_of
from bot.settings import Secret
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.matrix import Homeserver
from integrations.matrix_answers import HomeserverError, UnknownToken

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class MatrixDoor:
    office: Office
    account: ChannelAccount
    token: Secret
    speeds: Speeds = SPEEDS

    async def run(self) -> None:
        """Until cancelled; ends by itself only when the token is good no more."""
        office, account = self.office, self.account
        server = Homeserver(
            str(account.settings[HOMESERVER]),
            self.token.reveal(),
            egress=Egress(office.settings.egress_allowed),
        )
        rooms = Rooms(account.external_id)
        guest = Guest(server, rooms)
        inbox = MatrixInbox(office.database, office.clock, account, rooms)
        try:
            listening = Listening(server, rooms, inbox, guest)
            await _look_around(listening)
            office.channels[account.id] = Matrix(
                server, rooms, pictures_of(office.settings), self.speeds
            )
            await listening.run()
        except UnknownToken:
            log.error("matrix: token refused: %s", account.id)
        finally:
            office.channels.pop(account.id, None)
            guest.stop()
            await server.close()


def open_door(office: Office, account: ChannelAccount) -> MatrixDoor | None:
    """One process listens and sends; those beside it have nothing to do here."""
    if not office.listens:
        return None
    with office.database.reading() as session:
        token = unsealed(session, account)
    return MatrixDoor(office, account, token) if token else None


async def _look_around(listening: Listening) -> None:
    """The homeserver may be away when we start. Before we know our rooms we write to nobody: a
    second room would be opened for whom there is one."""
    while True:
        try:
            await listening.look_around()
            return
        except UnknownToken:
            raise
        except HomeserverError as error:
            log.warning("matrix: %s %s", type(error).__name__, error)
        await sleep(_PAUSE_SECONDS)
