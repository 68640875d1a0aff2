"""/api/v1/flows/steps: how people get through the flows, step by step, counted from the events."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from bot.api.access import Client, Known
from bot.api.reads.steps import Days, FlowSteps, days_of, read_steps
from bot.web.csv import csv_file
from bot.web.scope import looking
from bot.web.shop import OpenShop, Shop
from data.analytics import FIGURES, StepFigures
from data.merchants import Merchant

router = APIRouter(prefix="/flows", tags=["flows"])
# Days in the shop's time zone, the last one included.
First = Annotated[date | None, Query()]
Last = Annotated[date | None, Query()]


class StepOut(BaseModel):
    """At how many runs of the flow something happened at this step; a loop counts once."""

    model_config = ConfigDict(from_attributes=True)

    flow: str
    step: str
    version: str
    entered: int
    asked: int
    answered: int
    rejected: int
    corrected: int
    cancelled: int
    interrupted: int
    resumed: int
    waited: int
    timed_out: int
    handed_off: int
    dropped: int

    @classmethod
    def of(cls, step: StepFigures) -> "StepOut":
        return cls(flow=step.flow, step=step.step, version=step.version, **step.figures)


class StepsOut(BaseModel):
    """Runs that began on these days, and all that came of them since."""

    first: date
    last: date
    items: list[StepOut]


@router.get("/steps")
def get_steps(client: Known, shop: Shop, first: First = None, last: Last = None) -> StepsOut:
    """The figures of each step, the versions of a step one after the other. `first` and `last` are
    days where the shop is; without them, the last thirty."""
    days, flows = _read(client, shop, first, last)
    items = [StepOut.of(step) for flow in flows for step in flow.steps]
    return StepsOut(first=days.first, last=days.last, items=items)


@router.get("/steps.csv", response_class=Response)
def get_steps_file(client: Known, shop: Shop, first: First = None, last: Last = None) -> Response:
    """The same as a file for a spreadsheet."""
    return steps_file(*_read(client, shop, first, last))


def steps_file(days: Days, flows: list[FlowSteps]) -> Response:
    rows = (
        (step.flow, step.step, step.version, *(step.figures[name] for name in FIGURES))
        for flow in flows
        for step in flow.steps
    )
    name = f"steps_{days.first.isoformat()}_{days.last.isoformat()}.csv"
    return csv_file(name, ("flow", "step", "version", *FIGURES), rows)


def _read(
    client: Client, shop: OpenShop, first: date | None, last: date | None
) -> tuple[Days, list[FlowSteps]]:
    with looking(shop.database, client.merchant_id) as session:
        merchant = session.get_one(Merchant, client.merchant_id)
        days = days_of(merchant, first=first, last=last, now=client.now)
        library = shop.house.flows
        return days, read_steps(
            session, library, merchant_id=client.merchant_id, days=days, now=client.now
        )
