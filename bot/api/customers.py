"""/api/v1/customers and /api/v1/reminders: whom the shop knows, and what it will remind them of."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import people as reads
from bot.api.shapes import Listed, listed, numbered
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.people import Person
from data.personal.exporting import export_person
from data.personal.forgetting import forget_by_shop

router = APIRouter(tags=["customers"])


class CustomerOut(BaseModel):
    id: str
    name: str
    locale: str
    timezone: str
    opted_out: bool
    erased: bool
    created_at: datetime

    @classmethod
    def of(cls, person: Person) -> "CustomerOut":
        return cls(
            id=person.id,
            name=person.name,
            locale=person.locale,
            timezone=person.timezone,
            opted_out=person.opted_out_at is not None,
            erased=person.erased_at is not None,
            created_at=person.created_at,
        )


class ReminderOut(BaseModel):
    """Whose day it is, only the person who saved it is told."""

    id: int
    customer_id: str
    kind: str
    falls_on: date
    due_at: datetime
    state: str

    @classmethod
    def of(cls, view: reads.ReminderView) -> "ReminderOut":
        return cls(
            id=view.reminder.id,
            customer_id=view.person_id,
            kind=view.kind,
            falls_on=view.reminder.falls_on,
            due_at=view.reminder.due_at,
            state=view.reminder.state,
        )


@router.get("/customers")
def list_customers(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[CustomerOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = reads.list_people(session, merchant_id=client.merchant_id, where=where)
        return listed(page, CustomerOut.of)


@router.get("/customers/{customer_id}")
def get_customer(customer_id: str, client: Known, shop: Shop) -> CustomerOut:
    with looking(shop.database, client.merchant_id) as session:
        return CustomerOut.of(
            reads.find_person(session, merchant_id=client.merchant_id, person_id=customer_id)
        )


@router.post("/customers/{customer_id}/export")
def export_customer(customer_id: str, client: Known, shop: Shop) -> dict[str, Any]:
    """Everything the shop knows of them, table by table, for a customer who asks the shop itself.
    Without what only they may read: addresses, and whose days they keep. It is written down."""
    with changing(shop.database, client.merchant_id) as session:
        person = reads.find_person(session, merchant_id=client.merchant_id, person_id=customer_id)
        return export_person(session, person=person, by=client.name, sealed=False, now=client.now)


@router.post("/customers/{customer_id}/forget", status_code=202)
def forget_customer(customer_id: str, client: Known, shop: Shop) -> CustomerOut:
    """Erased in a moment: unpaid orders are called off, amounts stay for the books. Refused while
    a paid order is not finished."""
    with changing(shop.database, client.merchant_id) as session:
        person = reads.find_person(session, merchant_id=client.merchant_id, person_id=customer_id)
        forget_by_shop(session, person=person, by=client.name, now=client.now)
        return CustomerOut.of(person)


@router.get("/reminders", tags=["reminders"])
def list_reminders(
    client: Known,
    shop: Shop,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[ReminderOut]:
    with looking(shop.database, client.merchant_id) as session:
        rows = reads.list_reminders(
            session, merchant_id=client.merchant_id, after=after, limit=limit
        )
        return numbered(rows, ReminderOut.of, limit=limit, last=lambda view: view.reminder.id)
