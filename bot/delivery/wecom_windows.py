"""What one desk's customers allow us to say: so many messages, and a greeting by its word."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.delivery.wechat_windows import Windows
from bot.delivery.wecom_accounts import STAFF
from data.conversations import Conversation, Mode
from data.delivery import passes
from data.delivery.token_models import PassKind
from data.merchants import ChannelAccount

_NOBODY = "-"  # a chat that moved meanwhile


@dataclass(frozen=True, slots=True)
class DeskWindows(Windows):
    account: ChannelAccount

    def wants_staff(self, customer: str) -> bool:
        if self.account.settings.get(STAFF) is not True:
            return False
        with self.database.reading() as session:
            mine = Conversation.chat_id == self.chat(session, customer)
            given = select(Conversation.id).where(mine, Conversation.mode == Mode.HUMAN)
            return session.scalar(given.limit(1)) is not None

    def greeting(self, customer: str) -> str | None:
        with self.database.transaction() as session:
            chat_id = self.chat(session, customer)
            of = passes.Of(self.account, PassKind.GREETING, chat_id or _NOBODY)
            return passes.use(session, of=of, now=self.clock.now())
