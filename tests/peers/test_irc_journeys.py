"""J1 and J2 where there is nothing but text: a real ngircd, three people, typed numbers."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channels import registry
from data.audit import audit
from data.delivery.models import OutboxRow
from data.kernel.clock import SystemClock, TurnableClock
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from dialogs import private
from tests import calling
from tests.builders import NOW
from tests.peers.irc_channel import CAPABILITIES, Irc
from tests.peers.irc_peer import LONGEST_LINE, Person, running_ngircd
from tests.peers.kept import NoPeer
from tests.peers.telegram_world import free_port, serving, settle, shop_settings, wait

pytestmark = pytest.mark.slow
US, CREW = "tuanzi", "#crew"
ADDRESSES = {
    "Lan": "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai",
    "Wei": "Wei Li, 13900139000, 8 Jianguo Road, Chaoyang, Beijing",
    "Jun": "Jun Chen, 13700137000, 5 Tiyu West Road, Guangzhou",
}
# What only a richer channel can show, and what is never for reading.
_NOT_TEXT = re.compile(
    r"<[a-z/]+>|/tap:|tuanzi:(start|group)|&(amp|lt|gt);|\{\w*\}|https?://\S+\.png"
)


@dataclass
class Network:
    tuanzi: Tuanzi
    port: int
    client: httpx.Client
    people: dict[str, Person]

    def person(self, nick: str, *, joins: bool = False) -> Person:
        person = self.people[nick] = Person(nick, self.port)
        if joins:
            person.join(CREW)
        return person

    def say(self, who: Person, text: str, where: str = US) -> None:
        """Until all of the answer has left."""
        before = len(who.read(US, where if where == CREW else who.nick))
        who.say(where, text)
        place = where if where == CREW else who.nick
        wait(lambda: who.read(US, place)[before:] or None, lambda: (text, who.lines[-9:]))
        settle(self.tuanzi)

    def wait_for(self, words: str, who: Person, where: str = "") -> str:
        def found() -> str | None:
            said = who.read(US, where or who.nick)
            return next((line for line in reversed(said) if re.search(words, line)), None)

        return wait(found, lambda: (words, who.lines[-12:]))

    def number(self, label: str, who: Person) -> str:
        """What is to be typed for a choice, as it stands on their screen."""
        line = self.wait_for(rf"^\d+\. .*(?:{label})", who)
        return line.partition(".")[0]

    def pay(self, who: Person) -> None:
        link = re.search(r"/pay/[\w-]+", self.wait_for("/pay/", who))
        assert link is not None
        url = f"{self.tuanzi.settings.public_url}{link.group()}/sandbox"
        answer = self.client.post(url, data={"outcome": "approved"}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        settle(self.tuanzi)


@pytest.fixture(scope="module")
def ngircd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    try:
        with running_ngircd(tmp_path_factory.mktemp("irc")) as port:
            yield port
    except NoPeer as reason:
        pytest.skip(f"no ngircd here: {reason}")


@pytest.fixture
def network(
    ngircd: int, seeded_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Network]:
    monkeypatch.setitem(registry._READERS, "irc", "tests.peers.irc_channel:read_line")
    monkeypatch.setattr(private, "INVITING_CHANNELS", {"irc"})  # anybody may write to anybody
    shutil.copyfile(seeded_shop, tmp_path / "shop.db")
    told = shop_settings(tmp_path / "shop.db", port=free_port(), peer="http://127.0.0.1:1")
    system = SystemClock()
    clock = TurnableClock(system.now(), running=system)
    tuanzi = build(replace(told, telegram_token=None), clock=clock)
    account = _an_account(tuanzi)
    irc = Irc(tuanzi.database, clock, account, ngircd, CREW)
    tuanzi.channels[account.id] = irc
    people: dict[str, Person] = {}
    with serving(tuanzi, beside=lambda: [irc.run()]), calling.client() as client:
        wait(lambda: irc.writer, lambda: "us on the server")
        yield Network(tuanzi, ngircd, client, people)
        for person in people.values():
            person.leave()


def _an_account(tuanzi: Tuanzi) -> ChannelAccount:
    with tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Merchant.id)).one()
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant,
            channel="irc",
            external_id=US,
            settings={},
            created_at=NOW,
        )
        session.add(account)
        return account


@pytest.fixture
def assert_readable(network: Network) -> Callable[[], None]:
    """Nothing that a screen of text cannot show, nothing over the limit, every choice typed."""

    def look() -> None:
        lines = [line for one in network.people.values() for line in one.lines if line.who == US]
        assert lines
        assert [line for line in lines if _NOT_TEXT.search(line.text)] == []
        assert max(len(line.text.encode()) for line in lines) <= CAPABILITIES.max_text
        assert max(one.longest for one in network.people.values()) <= LONGEST_LINE
        with network.tuanzi.database.reading() as session:
            rows = session.scalars(select(OutboxRow)).all()
            assert {row.state for row in rows} <= {"sent", "skipped"}
            assert audit(session, now=network.tuanzi.clock.now()) == []
        shown = "\n".join(line.text for line in lines)
        for row in rows:
            for option in (one for part in row.segments for one in part.get("options", ())):
                if row.state == "sent" and option.get("number"):
                    assert f"{option['number']}. {option['title']}" in shown

    return look


def test_a_gift_is_found_and_paid_for_with_words_and_numbers(
    network: Network, assert_readable: Callable[[], None]
) -> None:
    ann = network.person("Ann")
    network.say(ann, "something for my brother, he climbs, under $50")
    network.wait_for(r"^2\. ", ann)
    network.say(ann, "2")
    network.say(ann, network.number("navy", ann))
    network.say(ann, "Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    network.wait_for("Shall I place the order", ann)
    network.say(ann, network.number("Yes|order", ann))
    network.pay(ann)
    network.wait_for("(?i)paid|thank", ann)
    assert_readable()


def test_three_friends_buy_together_in_a_channel(
    network: Network, assert_readable: Callable[[], None]
) -> None:
    lan, wei, jun = (network.person(nick, joins=True) for nick in ADDRESSES)
    network.say(lan, "tuanzi: start a group buy for the teapot", CREW)
    network.wait_for("Lan has started a group buy", jun, CREW)
    join = network.wait_for(r"^\d+\. Join", jun, CREW).partition(".")[0]
    wei.say(CREW, "count me in")  # they are told in private
    jun.say(CREW, f"tuanzi: {join}")  # its number, as it stands there; never spoken to us before
    for person in (lan, wei, jun):
        network.wait_for("A seat in", person)
        network.say(person, ADDRESSES[person.nick])
        network.wait_for("Shall I put you down", person)
        network.say(person, network.number("Yes", person))
        network.pay(person)
    for person in (lan, wei, jun):
        network.wait_for("is complete", person, CREW)
    settle(network.tuanzi)
    told = "\n".join(lan.read(US, CREW))
    assert "It's a team!" in told
    assert not re.search("Caoxi|Jianguo|Tiyu|/pay/", told), told
    assert_readable()
