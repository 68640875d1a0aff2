"""Nobody else's page sends our forms (T42), and no page may be framed or kept (T43)."""

import pytest

from bot.api.reads.orders import view_order
from bot.console.desk import COOKIE
from bot.web.scope import looking
from tests.bot.browser import Browser
from tests.bot.conftest import Street
from tests.bot.console.routes import places

FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another port of this host": {"Sec-Fetch-Site": "same-site"},
    "an old browser on another site": {"Origin": "https://evil.example"},
    "a sandboxed frame": {"Origin": "null"},
    "nobody says": {},
}


def test_every_unsafe_route_refuses_a_form_without_its_token(
    owner: Browser, street: Street
) -> None:
    """T42: each unsafe route, whatever it does."""
    unsafe = [place for place in places(street.site, street.ours) if place.is_unsafe]
    assert len(unsafe) > 15
    for place in unsafe:
        answer = owner.client.request(place.method, place.path, data={"sha": street.ours.flows})
        assert answer.status_code == 403, place
    _nothing_happened(street)


def test_a_token_of_another_session_is_refused(owner: Browser, street: Street) -> None:
    """T42"""
    old, path = owner.token, f"/console/orders/{street.ours.order}/cancel"
    owner.sign_in("owner@ours.example")
    assert owner.client.post(path, data={"csrf": old}).status_code == 403
    assert owner.client.post(path, data={"csrf": "团子"}).status_code == 403
    _nothing_happened(street)


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_every_unsafe_route_refuses_a_form_from_elsewhere(
    owner: Browser, street: Street, headers: dict[str, str]
) -> None:
    """T42: even with the right token."""
    del owner.client.headers["Sec-Fetch-Site"]
    owner.client.headers.update(headers)
    for place in places(street.site, street.ours):
        if place.is_unsafe:
            answer = owner.client.request(place.method, place.path, data={"csrf": owner.token})
            assert answer.status_code == 403, place
    _nothing_happened(street)


def test_an_old_browser_on_our_own_page_is_believed_by_its_origin(
    owner: Browser, street: Street
) -> None:
    del owner.client.headers["Sec-Fetch-Site"]
    owner.client.headers["Origin"] = "https://127.0.0.1"
    assert owner.post(f"/orders/{street.ours.order}/cancel").status_code == 303


def test_the_token_may_come_in_a_header(owner: Browser, street: Street) -> None:
    path = f"/console/orders/{street.ours.order}/cancel"
    answer = owner.client.post(path, headers={"X-CSRF-Token": owner.token})
    assert answer.status_code == 303


def test_a_look_changes_nothing(owner: Browser, street: Street) -> None:
    """T10: every GET of the console, twice."""
    for _ in range(2):
        for place in places(street.site, street.ours):
            if place.method == "GET":
                owner.client.get(place.path, params={"new": street.ours.flows})
    _nothing_happened(street)


def test_every_answer_forbids_framing_sniffing_and_keeping(owner: Browser, street: Street) -> None:
    """T43: pages, redirects and errors alike; nothing inline may run (T21)."""
    everywhere = [place.path for place in places(street.site, street.ours)]
    for path in [*everywhere, "/console/no-such-page", "/console/orders/ord_nobody"]:
        headers = owner.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cache-control"] == "no-store", path
        assert headers["x-robots-tag"] == "noindex", path
        assert headers["referrer-policy"] == "same-origin", path


def test_an_evil_host_gets_nothing(owner: Browser) -> None:
    """T45: and no page ever writes the Host into a link."""
    answer = owner.client.get("/console/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in owner.get("/").text


def test_a_signed_in_browser_sends_no_secret_in_its_addresses(owner: Browser) -> None:
    """T47: neither the session nor the form token stands in a link or in a form's action."""
    page = owner.get("/").text
    assert owner.client.cookies[COOKIE] not in page
    assert f"?{owner.token}" not in page
    assert f"={owner.token}" not in page.replace(f'value="{owner.token}"', "")


def test_files_are_kept_for_ever_under_their_hash_only(owner: Browser, street: Street) -> None:
    page = owner.get("/").text
    start = page.index("/static/")
    path = page[start : page.index('"', start)]
    answer = owner.client.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    name = path.rsplit("/", 1)[1]
    assert owner.client.get(f"/static/0123456789ab/{name}").headers["cache-control"] == "no-cache"
    for climbing in ("/static/x/..%2fbase.html", "/static/x/%2e%2e%2fapp.py", "/static/x/none"):
        assert owner.client.get(climbing).status_code == 404


def _nothing_happened(street: Street) -> None:
    with looking(street.tuanzi.database, street.ours.merchant) as session:
        view = view_order(session, merchant_id=street.ours.merchant, order_id=street.ours.order)
        assert view.order.state == "ready"
        assert not view.refunds
