"""What the people of one account allow us to say, spent message by message."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery import allowances
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.people import Chat


@dataclass(frozen=True, slots=True)
class Windows:
    """By openid, as the channel knows people."""

    database: Database
    clock: Clock
    account_id: str

    def spend(self, openid: str, sources: Collection[str]) -> str | None:
        with self.database.transaction() as session:
            chat_id, now = self.chat(session, openid), self.clock.now()
            return allowances.spend(session, chat_id=chat_id, sources=sources, now=now)

    def give_back(self, openid: str, source: str) -> None:
        with self.database.transaction() as session:
            allowances.give_back(session, chat_id=self.chat(session, openid), source=source)

    def close(self, openid: str, sources: Collection[str]) -> None:
        with self.database.transaction() as session:
            allowances.revoke(session, chat_id=self.chat(session, openid), sources=sources)

    def chat(self, session: Session, openid: str) -> str:
        found = session.scalar(
            select(Chat.id).where(Chat.account_id == self.account_id, Chat.external_id == openid)
        )
        return found or ""  # a chat that moved meanwhile has no windows
