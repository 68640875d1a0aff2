"""A team's page: who is in it, and what the shop decides for it."""

import pytest

from data.group_buys import (
    REVOKED,
    Seat,
    Team,
    TeamState,
    find_shared,
    join,
    live_seat,
    place_seat_order,
    share_team,
)
from data.kernel.errors import Refused
from data.kernel.ids import new_id
from data.merchants import StaffRole
from data.orders import OrderDetails
from data.people import Person
from tests.bot.browser import Browser
from tests.bot.builders import a_payment, settle
from tests.bot.conftest import SignIn, Street

OWNER = "owner@ours.example"


def _path(street: Street) -> str:
    return f"/group-buys/{street.ours.campaign}/teams/{street.ours.team}"


def _joins(street: Street, name: str) -> str:
    with street.tuanzi.database.transaction() as session:
        first = session.get_one(Person, street.ours.person)
        person = Person(
            id=new_id("per"),
            merchant_id=first.merchant_id,
            name=name,
            locale="en",
            timezone="UTC",
            created_at=first.created_at,
        )
        session.add(person)
        session.flush()
        now = street.tuanzi.clock.now()
        join(session, team_id=street.ours.team, person_id=person.id, now=now)
        return person.id


def _pays(street: Street, person_id: str) -> None:
    with street.tuanzi.database.transaction() as session:
        seat = live_seat(session, team_id=street.ours.team, person_id=person_id)
        assert seat is not None
        now = street.tuanzi.clock.now()
        order = place_seat_order(session, seat_id=seat.id, details=OrderDetails(), now=now).id
    a_payment(street.tuanzi, order)
    settle(street.tuanzi)


def _team(street: Street) -> Team:
    with street.tuanzi.database.reading() as session:
        return session.get_one(Team, street.ours.team)


def _two_have_paid(street: Street) -> None:
    _pays(street, street.ours.person)
    _pays(street, _joins(street, "<b>Wei</b>"))


def test_its_page_tells_who_is_in_it(owner: Browser, street: Street) -> None:
    _two_have_paid(street)
    page = owner.get(_path(street)).text
    assert "<dt>Leader</dt><dd>Lan of ours</dd>" in page
    assert "&lt;b&gt;Wei&lt;/b&gt;" in page
    assert page.count("seat_state-paid") == 2
    assert 'name="people" value="2"' in page


def test_a_shop_completes_it_with_who_has_paid(owner: Browser, street: Street) -> None:
    _two_have_paid(street)
    done = owner.post(f"{_path(street)}/complete", people="2")
    assert done.headers["location"].endswith("?done=team_completed")
    settle(street.tuanzi)
    team = _team(street)
    assert (team.state, team.final_size, team.closed_by) == (TeamState.SUCCESS, 2, OWNER)
    page = owner.get(_path(street)).text
    assert f"<dd>{OWNER}</dd>" in page
    assert page.count("seat_state-fulfilled") == 2
    assert "/complete" not in page
    assert "/cancel" not in page


def test_what_has_changed_since_is_shown_and_nothing_done(owner: Browser, street: Street) -> None:
    _two_have_paid(street)
    _joins(street, "Jun")
    answer = owner.post(f"{_path(street)}/complete", people="2")
    assert answer.status_code == 422
    assert "no longer as it was" in answer.text
    assert 'name="people"' not in answer.text, "somebody is paying"
    assert _team(street).state == TeamState.OPEN


@pytest.mark.parametrize("people", ["", "1", "-2", "two", "1e9", "99999999999999999999"])
def test_a_number_that_no_page_shows_is_refused(
    owner: Browser, street: Street, people: str
) -> None:
    assert owner.post(f"{_path(street)}/complete", people=people).status_code == 422
    assert _team(street).state == TeamState.OPEN


def test_a_shop_calls_it_off_and_the_money_goes_back(owner: Browser, street: Street) -> None:
    _pays(street, street.ours.person)
    assert owner.post(f"{_path(street)}/cancel").status_code == 303
    settle(street.tuanzi)
    with street.tuanzi.database.reading() as session:
        [seat] = session.query(Seat).filter(Seat.team_id == street.ours.team)
        assert seat.state == "refunded"
    assert owner.post(f"{_path(street)}/cancel").status_code == 422, "once"


def test_t16_a_link_that_got_into_wrong_hands_is_closed_and_the_team_goes_on(
    owner: Browser, street: Street
) -> None:
    told = {"merchant_id": street.ours.merchant, "team_id": street.ours.team}
    now = street.tuanzi.clock.now()
    with street.tuanzi.database.transaction() as session:
        token = share_team(session, **told, now=now)
    assert "A link to it got into wrong hands" in owner.get(_path(street)).text
    done = owner.post(f"{_path(street)}/links")
    assert done.headers["location"].endswith("?done=links_closed")
    with street.tuanzi.database.transaction() as session:
        with pytest.raises(Refused, match=REVOKED):
            find_shared(session, token=token)
        fresh = share_team(session, **told, now=now)
        assert find_shared(session, token=fresh).state == TeamState.OPEN


def test_who_talks_with_customers_looks_and_decides_nothing(
    sign_in: SignIn, street: Street
) -> None:
    agent = sign_in(StaffRole.AGENT)
    page = agent.get(_path(street))
    assert page.status_code == 200
    assert "/cancel" not in page.text
    assert agent.post(f"{_path(street)}/cancel").status_code == 403


def test_a_team_of_another_campaign_is_not_there(owner: Browser, street: Street) -> None:
    theirs = f"/group-buys/{street.theirs.campaign}/teams/{street.theirs.team}"
    mixed = f"/group-buys/{street.ours.campaign}/teams/{street.theirs.team}"
    assert [owner.get(path).status_code for path in (theirs, mixed)] == [404, 404]
    assert owner.post(f"{mixed}/cancel").status_code == 404
    assert owner.post(f"{mixed}/links").status_code == 404
