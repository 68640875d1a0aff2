"""Who may open which room: every route, with each of the four roles, against the actors table."""

import pytest

from bot.console.access import ACCESS, OPEN
from bot.console.desk import guard
from data.merchants import StaffRole
from tests.bot.client import TestClient
from tests.bot.conftest import SignIn, Street
from tests.bot.console.routes import console_of, places, routes_of

OWN, MAN, AGT, SHP = StaffRole.OWNER, StaffRole.MANAGER, StaffRole.AGENT, StaffRole.SHIPPING
# Written down a second time, from the actors' table of the security design, room by room.
EXPECTED = {
    ("/console/", "GET"): {OWN, MAN, AGT, SHP},
    ("/console/sign-out", "POST"): {OWN, MAN, AGT, SHP},
    ("/console/language", "POST"): {OWN, MAN, AGT, SHP},
    ("/console/catalogue", "GET"): {OWN, MAN, AGT},
    ("/console/catalogue/…", "GET"): {OWN, MAN, AGT},
    ("/console/catalogue/import", "GET"): {OWN, MAN},
    ("/console/catalogue/import", "POST"): {OWN, MAN},
    ("/console/catalogue/import/apply", "POST"): {OWN, MAN},
    ("/console/orders", "GET"): {OWN, MAN, AGT},
    ("/console/orders/…", "GET"): {OWN, MAN, AGT},
    ("/console/orders/…/cancel", "POST"): {OWN, MAN},
    ("/console/orders/…/links", "POST"): {OWN, MAN, AGT},
    ("/console/orders/…/refund", "POST"): {OWN, MAN},
    ("/console/orders/…/given-back", "POST"): {OWN, MAN},
    ("/console/orders/…/ship", "POST"): {OWN, MAN},
    ("/console/orders/…/deliver", "POST"): {OWN, MAN},
    ("/console/customers/…/export", "POST"): {OWN, MAN},
    ("/console/customers/…/forget", "POST"): {OWN},
    ("/console/returns", "GET"): {OWN, MAN, AGT},
    ("/console/returns/days", "POST"): {OWN, MAN},
    ("/console/returns/…/approve", "POST"): {OWN, MAN},
    ("/console/returns/…/refuse", "POST"): {OWN, MAN},
    ("/console/returns/…/receive", "POST"): {OWN, MAN},
    ("/console/parcels", "GET"): {OWN, SHP},
    ("/console/parcels/…/ship", "POST"): {OWN, SHP},
    ("/console/group-buys", "GET"): {OWN, MAN, AGT},
    ("/console/group-buys", "POST"): {OWN, MAN},
    ("/console/group-buys/new", "GET"): {OWN, MAN},
    ("/console/group-buys/…", "GET"): {OWN, MAN, AGT},
    ("/console/group-buys/…/edit", "GET"): {OWN, MAN},
    ("/console/group-buys/…/edit", "POST"): {OWN, MAN},
    ("/console/group-buys/…/pause", "POST"): {OWN, MAN},
    ("/console/group-buys/…/teams/…", "GET"): {OWN, MAN, AGT},
    ("/console/group-buys/…/teams/…/complete", "POST"): {OWN, MAN},
    ("/console/group-buys/…/teams/…/cancel", "POST"): {OWN, MAN},
    ("/console/group-buys/…/teams/…/links", "POST"): {OWN, MAN},
    ("/console/pools", "GET"): {OWN, MAN, AGT},
    ("/console/pools/offer", "POST"): {OWN, MAN},
    ("/console/pools/…/cancel", "POST"): {OWN, MAN},
    ("/console/split-orders", "GET"): {OWN, MAN, AGT},
    ("/console/split-orders/…", "GET"): {OWN, MAN, AGT},
    ("/console/split-orders/…/cancel", "POST"): {OWN, MAN},
    ("/console/chats", "GET"): {OWN, MAN, AGT},
    ("/console/chats/…", "GET"): {OWN, MAN, AGT},
    ("/console/chats/…/take-over", "POST"): {OWN, MAN, AGT},
    ("/console/chats/…/answer", "POST"): {OWN, MAN, AGT},
    ("/console/chats/…/hand-back", "POST"): {OWN, MAN, AGT},
    ("/console/chats/…/inspect", "GET"): {OWN, MAN, AGT},
    ("/console/flows", "GET"): {OWN, MAN},
    ("/console/flows/edit", "GET"): {OWN, MAN},
    ("/console/flows/edit", "POST"): {OWN, MAN},
    ("/console/flows/publish", "POST"): {OWN, MAN},
    ("/console/flows/roll-back", "POST"): {OWN, MAN},
    ("/console/flows/compare", "GET"): {OWN, MAN},
    ("/console/flows/test", "GET"): {OWN, MAN},
    ("/console/flows/test", "POST"): {OWN, MAN},
    ("/console/flows/steps", "GET"): {OWN, MAN},
    ("/console/flows/steps.csv", "GET"): {OWN, MAN},
    ("/console/flows/stories", "GET"): {OWN, MAN},
    ("/console/flows/stories", "POST"): {OWN, MAN},
    ("/console/flows/actions", "GET"): {OWN, MAN},
    ("/console/flows/actions", "POST"): {OWN},
    ("/console/flows/actions/check", "POST"): {OWN, MAN},
    ("/console/flows/actions/disconnect", "POST"): {OWN},
    ("/console/web-chats", "GET"): {OWN, MAN},
    ("/console/web-chats", "POST"): {OWN},
    ("/console/web-chats/close", "POST"): {OWN},
    ("/console/payments", "GET"): {OWN, MAN},
    ("/console/payments/accounts/paypal", "POST"): {OWN},
    ("/console/payments/accounts/paypal/check", "POST"): {OWN, MAN},
    ("/console/payments/accounts/paypal/disconnect", "POST"): {OWN},
    ("/console/payments/ask", "POST"): {OWN},
    ("/console/payments/notices/dismiss", "POST"): {OWN},
    ("/console/payments/alarms/dismiss", "POST"): {OWN},
    ("/console/payments/refunds/there", "POST"): {OWN},
    ("/console/payments/refunds/again", "POST"): {OWN, MAN},
    ("/console/payments/refunds/retry", "POST"): {OWN, MAN},
    ("/console/payments/jobs/again", "POST"): {OWN, MAN},
    ("/console/prices", "GET"): {OWN, MAN, AGT},
    ("/console/prices/coupons", "GET"): {OWN, MAN, AGT},
    ("/console/prices/coupons", "POST"): {OWN, MAN},
    ("/console/prices/coupons/new", "GET"): {OWN, MAN},
    ("/console/prices/coupons/…", "GET"): {OWN, MAN, AGT},
    ("/console/prices/coupons/…/pause", "POST"): {OWN, MAN},
    ("/console/prices/gift-cards", "GET"): {OWN, MAN},
    ("/console/prices/gift-cards", "POST"): {OWN},
    ("/console/prices/gift-cards/new", "GET"): {OWN},
    ("/console/prices/gift-cards/…", "GET"): {OWN, MAN},
    ("/console/prices/gift-cards/…/block", "POST"): {OWN, MAN},
    ("/console/prices/tax", "GET"): {OWN, MAN},
    ("/console/prices/tax", "POST"): {OWN},
    ("/console/prices/tax/remove", "POST"): {OWN},
    ("/console/prices/together", "GET"): {OWN, MAN},
    ("/console/prices/together", "POST"): {OWN},
    ("/console/prices/together/remove", "POST"): {OWN},
    ("/console/ledger", "GET"): {OWN, MAN},
    ("/console/ledger/statement", "GET"): {OWN, MAN},
}


@pytest.mark.parametrize("role", list(StaffRole))
def test_each_role_opens_its_rooms_and_no_other(
    sign_in: SignIn, street: Street, role: StaffRole
) -> None:
    """T37: an agent never refunds; shipping sees neither chats nor money."""
    browser = sign_in(role)
    for place in places(street.site, street.ours):
        if place.name in OPEN:
            continue
        if browser.get("/").status_code != 200:  # some of these rooms end the session
            browser = sign_in(role)
        answer = browser.client.request(
            place.method,
            place.path,
            params={"new": street.ours.flows},
            data={"csrf": browser.token} if place.is_unsafe else None,
        )
        expected = EXPECTED[_masked(street, place.path), place.method]
        assert (answer.status_code != 403) == (role in expected), (place, answer.status_code)


def test_without_signing_in_every_room_leads_to_the_door(
    visitor: TestClient, street: Street
) -> None:
    for place in places(street.site, street.ours):
        if place.name not in OPEN:
            answer = visitor.request(place.method, place.path)
            if place.is_unsafe:
                assert answer.status_code == 401, place
            else:
                assert answer.headers["location"] == "/console/sign-in", place


def test_every_route_stands_in_the_table_and_is_guarded(street: Street) -> None:
    """A route that somebody adds and forgets opens for nobody."""
    routes = routes_of(console_of(street.site))
    assert {route.name for route in routes} == set(ACCESS) | OPEN
    for route in routes:
        assert guard in {dependency.call for dependency in route.dependant.dependencies}, route


def _masked(street: Street, path: str) -> str:
    for each in street.ours.ids:
        path = path.replace(each, "…")
    return path
