"""What one process does in a race for one basket: plain functions, as in acts.py."""

from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier

from sqlalchemy import text

from data.kernel.database import Database
from data.orders import Address, NewLine
from data.people import Person
from data.split_orders import close_split, expire_split, join_split, open_split


def put_in(
    database: Database,
    barrier: Barrier,
    split: str,
    person: str,
    variants: tuple[str, ...],
    now: datetime,
) -> None:
    barrier.wait()
    with database.transaction() as session:
        lines = [NewLine(variant, 1) for variant in variants]
        join_split(session, split_id=split, person_id=person, lines=lines, now=now)


def begin(database: Database, barrier: Barrier, person: str, now: datetime) -> None:
    address = Address("Lan", "13800000000", "9 Changle Road")
    barrier.wait()
    with database.transaction() as session:
        organiser = session.get_one(Person, person)
        hour = timedelta(hours=1)
        open_split(
            session, organiser=organiser, window=hour, address=address, chat_id=None, now=now
        )


def close(database: Database, barrier: Barrier, split: str, person: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        close_split(session, split_id=split, organiser_id=person, now=now)


def expire(database: Database, barrier: Barrier, split: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        expire_split(session, split_id=split, now=now)


def naive_paid(database: Database, barrier: Barrier, amount: int) -> None:
    """What is paid is read, added to and written."""
    with database.reading() as session:
        paid = session.scalar(text("SELECT paid FROM naive"))
    barrier.wait()
    with database.transaction() as session:
        session.execute(text("UPDATE naive SET paid = :paid"), {"paid": paid + amount})


def naive_close(database: Database, barrier: Barrier) -> None:
    """Whether it is enough is read; somebody pays; and it is written down as too little."""
    with database.reading() as session:
        paid = session.scalar(text("SELECT paid FROM naive"))
    barrier.wait()
    barrier.wait()  # the payment came in between
    with database.transaction() as session:
        session.execute(text("UPDATE naive SET failed = :failed"), {"failed": int(paid < 1)})


def naive_pay_meanwhile(database: Database, barrier: Barrier) -> None:
    barrier.wait()
    with database.transaction() as session:
        session.execute(text("UPDATE naive SET paid = 1"))
    barrier.wait()
