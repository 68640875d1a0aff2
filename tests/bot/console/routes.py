"""Every route of the console, as the tests walk them: method, path with our own ids, its name."""

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import Mount

from tests.bot.builders import Names

SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    method: str
    path: str

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE


def console_of(site: FastAPI) -> FastAPI:
    (console,) = [
        route.app for route in site.routes if isinstance(route, Mount) and route.path == "/console"
    ]
    assert isinstance(console, FastAPI)
    return console


def routes_of(console: FastAPI) -> list[RouteContext]:
    routes = list(iter_route_contexts(console.routes))
    assert len(routes) > 30  # a walk over nothing proves nothing
    return routes


def places(site: FastAPI, names: Names) -> list[Place]:
    """A route with a parameter that is not known here fails: say which id belongs in it."""
    values = {
        "order_id": names.order,
        "return_id": names.returned,
        "person_id": names.person,
        "product_id": names.product,
        "campaign_id": names.campaign,
        "team_id": names.team,
        "pool_id": names.pool,
        "split_id": names.split,
        "conversation_id": names.conversation,
        "coupon_id": names.coupon,
        "card_id": names.card,
        "turn": "pause",
        "provider": "paypal",
    }
    return [
        Place(str(route.name), method, "/console" + str(route.path).format(**values))
        for route in routes_of(console_of(site))
        for method in sorted(route.methods or ())
    ]
