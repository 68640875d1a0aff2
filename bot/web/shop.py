"""The shop as a route sees it: what bot/app.py wires, without knowing who wires it."""

from typing import Annotated, Protocol

from fastapi import Depends, Request

from bot.delivery.gateways import Gateways
from bot.settings import Settings
from data.kernel.clock import Clock
from data.kernel.database import Database
from dialogs.house import House


class OpenShop(Protocol):
    """`bot.app.Tuanzi`, as far as pages and the API need it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def house(self) -> House: ...
    @property
    def gateways(self) -> Gateways: ...


def shop_of(request: Request) -> OpenShop:
    found: OpenShop = request.app.state.tuanzi
    return found


Shop = Annotated[OpenShop, Depends(shop_of)]
