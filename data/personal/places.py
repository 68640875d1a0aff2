"""What becomes of each table that knows a person: shown to them, erased, or kept and why.

Found by the schema itself: whatever leads to `people`, or to a private chat, through foreign keys
stands here (a test looks), so that no new table is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, Select, Table, or_, select

from data.kernel.database import Base
from data.people import Chat, ChatMember


class Fate(StrEnum):
    """When a person is forgotten. `BLANKED`: the row stays, what they said or are is gone."""

    DELETED = "deleted"
    BLANKED = "blanked"
    KEPT = "kept"


class Why(StrEnum):
    """What a row that stays is still for (security design, "privacy")."""

    BOOKS = "books"  # amounts, kept by law: no name, no word, no address
    PROOF = "proof"  # what was agreed to and done: ids and moments
    FIGURES = "figures"  # of flows and steps, and that something was said: no words
    POINTED_AT = "pointed_at"  # rows of the books lead to it; what it was called is gone


@dataclass(frozen=True, slots=True)
class Place:
    """`why`: needed where a row stays. `shown` False: it says nothing of them."""

    fate: Fate
    why: Why | None = None
    shown: bool = True


PLACES: Mapping[str, Place] = {
    "people": Place(Fate.BLANKED, Why.POINTED_AT),
    "channel_identities": Place(Fate.DELETED),
    "chats": Place(Fate.BLANKED, Why.POINTED_AT),
    "chat_members": Place(Fate.DELETED),
    "consents": Place(Fate.KEPT, Why.PROOF),
    "person_links": Place(Fate.KEPT, Why.PROOF),
    "person_moves": Place(Fate.KEPT, Why.PROOF),
    "data_exports": Place(Fate.DELETED, shown=False),
    "shown_cards": Place(Fate.DELETED, shown=False),  # of groups: which product a message shows
    "votes": Place(Fate.DELETED),
    "uploads": Place(Fate.DELETED),  # and so their files: bot/webchat/keeping.py
    "deep_links": Place(Fate.DELETED),
    "conversations": Place(Fate.BLANKED, Why.FIGURES),
    "conversation_events": Place(Fate.BLANKED, Why.FIGURES),
    "conversation_pins": Place(Fate.DELETED, shown=False),
    "conversation_waits": Place(Fate.DELETED),
    "offered_options": Place(Fate.DELETED),
    "action_calls": Place(Fate.BLANKED, Why.FIGURES),
    "allowances": Place(Fate.DELETED),
    "passes": Place(Fate.DELETED, shown=False),
    "outbox": Place(Fate.BLANKED, Why.FIGURES),
    "orders": Place(Fate.BLANKED, Why.BOOKS),
    "order_lines": Place(Fate.KEPT, Why.BOOKS),
    "order_charges": Place(Fate.KEPT, Why.BOOKS),
    "order_changes": Place(Fate.KEPT, Why.BOOKS),
    "returns": Place(Fate.BLANKED, Why.BOOKS),
    "return_lines": Place(Fate.KEPT, Why.BOOKS),
    "exchanges": Place(Fate.KEPT, Why.BOOKS),
    "coupon_uses": Place(Fate.KEPT, Why.BOOKS),
    "gift_card_uses": Place(Fate.KEPT, Why.BOOKS),
    "code_misses": Place(Fate.DELETED, shown=False),  # when a code was none
    "payment_attempts": Place(Fate.BLANKED, Why.BOOKS),
    "payment_links": Place(Fate.DELETED, shown=False),
    "refunds": Place(Fate.KEPT, Why.BOOKS),
    "payment_looks": Place(Fate.KEPT, Why.BOOKS, shown=False),
    "payment_fees": Place(Fate.KEPT, Why.BOOKS, shown=False),  # between the shop and its provider
    "payment_disputes": Place(Fate.KEPT, Why.BOOKS),
    "payment_alarms": Place(Fate.KEPT, Why.BOOKS, shown=False),  # what the shop has to look at
    "quarantine_moves": Place(Fate.KEPT, Why.BOOKS, shown=False),  # of providers and colleagues
    "basket_lines": Place(Fate.DELETED),
    "kept_addresses": Place(Fate.DELETED),
    "occasions": Place(Fate.DELETED),
    "reminders": Place(Fate.DELETED),
    "seats": Place(Fate.KEPT, Why.BOOKS),
    "seat_takers": Place(Fate.DELETED),
    "teams": Place(Fate.KEPT, Why.BOOKS),
    "team_steps": Place(Fate.KEPT, Why.BOOKS),
    "waitlist_entries": Place(Fate.KEPT, Why.PROOF),
    "team_nudges": Place(Fate.KEPT, Why.PROOF, shown=False),  # when a team was reminded of
    "team_tiers": Place(Fate.KEPT, Why.BOOKS, shown=False),
    "team_shares": Place(Fate.KEPT, Why.PROOF, shown=False),  # a hash, and which team it led to
    "leader_rewards": Place(Fate.KEPT, Why.BOOKS),
    "invitations": Place(Fate.KEPT, Why.PROOF),
    "invited_seats": Place(Fate.KEPT, Why.PROOF),  # shown to who invited: how often, not whom
    "invite_rewards": Place(Fate.KEPT, Why.BOOKS),
    "campaign_chats": Place(Fate.KEPT, Why.PROOF, shown=False),  # of groups: where an offer shows
    "pools": Place(Fate.BLANKED, Why.BOOKS),  # of its organiser; the person it is for sees none
    "pool_steps": Place(Fate.KEPT, Why.BOOKS),
    # Whom the pool is for is forgotten with its organiser: its links open for nobody any more.
    "pool_shares": Place(Fate.DELETED, shown=False),
    "contributions": Place(Fate.KEPT, Why.BOOKS),
    "parcels": Place(Fate.BLANKED, Why.BOOKS),
    "split_orders": Place(Fate.KEPT, Why.BOOKS),
    "split_steps": Place(Fate.KEPT, Why.BOOKS),
    "split_parts": Place(Fate.KEPT, Why.BOOKS),
    "team_places": Place(Fate.KEPT, Why.PROOF, shown=False),  # where its card stands
}
_ROOTS = frozenset({"people", "chats"})


def tables_of_people() -> tuple[Table, ...]:
    """Every table from which foreign keys lead to a person, parents first."""
    known: dict[str, Table] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in _ROOTS or any(_leads_to(column, known) for column in table.columns):
            known[table.name] = table
    return tuple(known.values())


def _leads_to(column: Column[str], known: Mapping[str, Table]) -> bool:
    return any(key.column.table.name in known for key in column.foreign_keys)


def rows_of(table: Table, people: list[str]) -> ColumnElement[bool]:
    """Which rows of it are these people's. Who is named in a row owns it; else whoever owns what
    it belongs to. In a group only what is theirs, in a private chat all that was said."""
    if table.name == "people":
        return table.c.id.in_(people)
    if table.name == "chats":
        return table.c.id.in_(private_chats(people))
    named = [column for column in table.columns if _names(column)]
    mine = [column.in_(people) for column in named]
    if table.name in _SAID_IN_CHATS:
        mine.append(table.c.chat_id.in_(private_chats(people)))
    return or_(*mine) if mine else _by_parent(table, people)


# A reminder names nobody: it is said in their own chat.
_SAID_IN_CHATS = frozenset({"outbox", "allowances", "passes"})


def private_chats(people: list[str]) -> Select[str]:
    """Those that still are theirs: one that was unlinked is a stranger's."""
    return (
        select(ChatMember.chat_id)
        .join(Chat, Chat.id == ChatMember.chat_id)
        .where(ChatMember.person_id.in_(people), ChatMember.left_at.is_(None))
        .where(Chat.kind == "private")
    )


def _names(column: Column[str]) -> bool:
    return any(key.column.table.name == "people" for key in column.foreign_keys)


def _by_parent(table: Table, people: list[str]) -> ColumnElement[bool]:
    known = {one.name for one in tables_of_people()} - {table.name}
    for column in table.columns:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name in known:
                owned = select(key.column).where(rows_of(parent, people))
                return column.in_(owned)
    raise LookupError(table.name)


def mapped(name: str) -> Table:
    return Base.metadata.tables[name]
