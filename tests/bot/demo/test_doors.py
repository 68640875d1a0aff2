"""The demo's routes are for this machine and for its own page."""

from dataclasses import replace

import pytest

from bot.demo import pages
from bot.site import create_site
from tests.bot.open_demo import Demo, a_browser

ROUTES = [
    ("GET", "/"),
    ("GET", "/demo/clock"),
    ("POST", "/demo/clock"),
    ("POST", "/demo/say"),
    ("GET", "/demo/stream?chats=you"),
    ("PUT", "/demo/people/you/language"),
    ("POST", "/demo/language"),
]
LINE = {"as": "you", "text": "hello", "id": "one"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_from_another_machine_there_is_no_demo_t34(demo: Demo, method: str, path: str) -> None:
    far = a_browser(demo.client.app, at="203.0.113.9")
    assert far.request(method, path).status_code == 404


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_in_production_there_is_no_demo_even_if_wired_t34(
    demo: Demo, method: str, path: str
) -> None:
    settings = replace(demo.tuanzi.settings, demo=False)
    site = create_site(replace(demo.tuanzi, settings=settings), works=False)
    pages.install(site)
    assert a_browser(site).request(method, path).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_another_page_cannot_drive_the_demo_t42(demo: Demo, headers: dict[str, str]) -> None:
    for path in ("/demo/say", "/demo/clock"):
        assert demo.client.post(path, json=LINE, headers=headers).status_code == 403
    form = demo.client.post("/demo/language", data={"locale": "en"}, headers=headers)
    assert form.status_code == 403
    assert demo.told("said") == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_what_says_it_is_json_is_read_t42(demo: Demo, kind: str) -> None:
    body = b'{"as": "you", "text": "hello", "id": "one"}'
    headers = {"Content-Type": kind} if kind else {}
    answer = demo.client.post("/demo/say", content=body, headers=headers)
    assert answer.status_code in {415, 422}
    assert demo.told("said") == []


def test_our_own_page_and_a_program_may(demo: Demo) -> None:
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}
    assert demo.client.post("/demo/say", json=LINE, headers=ours).json() == {"heard": True}
    assert demo.client.post("/demo/clock", json={"advance": "1 hour"}).status_code == 200


def test_a_name_that_is_not_ours_in_the_host_header_is_refused_t45(demo: Demo) -> None:
    assert demo.client.get("/", headers={"Host": "evil.example"}).status_code == 400
