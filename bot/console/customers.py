"""A customer asks the shop itself for their data, or to be forgotten: staff do it, written down.

What only the person may read (addresses, whose day it is) is in no file that staff get (T14, T52).
"""

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.reads.people import find_person
from bot.console.desk import AtDesk
from bot.console.pages import go
from bot.pages.my_data import as_file
from bot.web.scope import changing
from bot.web.shop import Shop
from data.personal.exporting import export_person
from data.personal.forgetting import forget_by_shop

router = APIRouter(prefix="/customers")


@router.post("/{person_id}/export")
def export_customer(person_id: str, desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        person = find_person(session, merchant_id=desk.merchant_id, person_id=person_id)
        by = desk.staff_id
        return as_file(export_person(session, person=person, by=by, sealed=False, now=desk.now))


@router.post("/{person_id}/forget")
def forget_customer(person_id: str, desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        person = find_person(session, merchant_id=desk.merchant_id, person_id=person_id)
        forget_by_shop(session, person=person, by=desk.staff_id, now=desk.now)
    return go("/orders", done="forgotten")
