"""The one place that wires: settings in, a running shop out."""

from collections.abc import Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from bot.channels.adapter import Channel
from bot.channels.registry import rewards_inviting
from bot.delivery.action_caller import ActionCaller
from bot.delivery.action_deadlines import begin_at_last, end_at_deadline
from bot.delivery.action_transports import Transports
from bot.delivery.advising import Adviser
from bot.delivery.another_chat import AnotherChat
from bot.delivery.arrivals import Arrivals
from bot.delivery.bell import Bell
from bot.delivery.bookkeeping import Bookkeeper
from bot.delivery.courier import Courier
from bot.delivery.doors import Door, Doors, Office
from bot.delivery.gateways import Gateways
from bot.delivery.handing_back import hand_back_unanswered
from bot.delivery.payments import Cashier
from bot.delivery.storing import TURN
from bot.delivery.turns import Turns
from bot.delivery.unheard import tell_unheard
from bot.delivery.waking import wake_conversation
from bot.delivery.worker import JobKind, Worker
from bot.settings import Settings, SettingsError
from bot.webchat.keeping import Sweeper
from data import conversations, group_buys, occasions, orders, payments, pools, split_orders
from data.actions import DEADLINE
from data.catalogue import FLOOR, ShopFloor
from data.conversations import WAKE
from data.conversations.handing import HAND_BACK
from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.flows import TEND_FLOWS
from data.kernel.clock import Clock, SystemClock
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.payments.gateway import Gateway
from data.payments.invoices import TELEGRAM
from data.personal import forgetting, old_addresses
from dialogs.actions.packages import BadPackage, Packages
from dialogs.actions.shelf import ACTIONS
from dialogs.calling import BEGIN
from dialogs.house import House
from dialogs.library import FlowLibrary
from dialogs.notices import Notices
from dialogs.notices.clocks import CARD_CLOCK
from dialogs.notices.unheard import TELL_UNHEARD
from dialogs.tending import tend
from integrations.egress import Egress
from integrations.language_models import ChatCompletions
from integrations.payments import KINDS, SandboxGateway, TelegramInvoices

if TYPE_CHECKING:
    from bot.delivery.telegram_door import TelegramDoor

# SQLite lets one turn write, and Python one thread compute: a second thread would take the
# interpreter from the one that holds the write lock, and all others wait for both. Two processes
# with one thread each took 132 turns a second, with eight each 94 (docs/adr/0011). A turn on
# PostgreSQL waits for another machine, and another one can go on meanwhile.
_THREADS = {"sqlite": 1, "postgresql": 8}
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Tuanzi:
    """Everything a process needs, made once."""

    settings: Settings
    database: Database
    clock: Clock
    house: House
    turns: Turns
    worker: Worker
    caller: ActionCaller
    cashier: Cashier
    bookkeeper: Bookkeeper
    courier: Courier
    channels: dict[str, Channel]  # by account id; a door adds its own when it is open
    telegram: "TelegramDoor | None"
    gateways: Gateways
    bell: Bell
    threads: Executor

    def loops(self) -> list[Coroutine[None, None, None]]:
        """What a working process runs for ever: jobs, provider calls, sending, doors."""
        doors = [self._doors().run(), *([self.telegram.run()] if self.telegram else [])]
        return [
            self.worker.run(),
            self.caller.run(),
            self.cashier.run(),
            self.bookkeeper.run(),
            self.courier.run(),
            self.sweeper.run(self.bell),
            *doors,
        ]

    def voices(self) -> list[Coroutine[None, None, None]]:
        """What a process runs that serves beside a working one: its pages can answer Telegram."""
        doors: list[Door] = [self._doors(listens=False)]
        if self.telegram is not None:
            office = replace(self.telegram.office, listens=False)
            doors.append(replace(self.telegram, office=office))
        return [door.run() for door in doors]

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(self.database, self.clock, self.settings.uploads_kept)

    def _doors(self, *, listens: bool = True) -> Doors:
        office = Office(
            self.settings,
            self.database,
            self.clock,
            self.channels,
            listens=listens,
            flows=self.house.flows,
            bell=self.bell,
        )
        return Doors(office, self.bell)

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.house.packages.close()
        if self.turns.adviser is not None:
            self.turns.adviser.close()
        self.database.close()


def build(settings: Settings, *, clock: Clock | None = None, house: House | None = None) -> Tuanzi:
    """A shop over one database; nothing runs yet."""
    clock = clock or SystemClock()
    house = house or _house(settings)
    database = _database(settings, house)
    bell = Bell()
    database.on_commit = bell.ring
    gateways = _gateways(settings, database, clock)
    house = replace(
        house,
        longest_hold=gateways.longest_hold,
        ways_to_pay=gateways.ways_to_pay,
        rewards_inviting=rewards_inviting,
    )
    channels: dict[str, Channel] = {}
    turns = Turns(database, clock, house, _adviser(settings, database, clock))
    kinds = _job_kinds(settings, house, Arrivals(database, turns))
    return Tuanzi(
        settings=settings,
        database=database,
        clock=clock,
        house=house,
        turns=turns,
        worker=Worker(database, clock, kinds, bell),
        caller=ActionCaller(database, clock, house, _transports(settings, database, house), bell),
        cashier=Cashier(database, clock, gateways, bell),
        bookkeeper=Bookkeeper(database, clock, gateways, bell),
        courier=Courier(database, clock, channels, bell, AnotherChat(house)),
        channels=channels,
        telegram=_telegram(Office(settings, database, clock, channels, flows=house.flows)),
        gateways=gateways,
        bell=bell,
        threads=ThreadPoolExecutor(
            _THREADS[database.engine.dialect.name], thread_name_prefix="turn"
        ),
    )


def _database(settings: Settings, house: House) -> Database:
    """With all that hears of a shop's facts."""
    keys = [key.reveal() for key in settings.field_keys]
    return Database(
        settings.database_url,
        pool_size=_CONNECTIONS,
        # A receipt comes before "we are complete", and the card of a team is written before others
        # who hear of it change it again.
        listeners=(
            Notices(house.flows, settings.public_url),
            payments.listen,
            group_buys.listen,
            pools.listen,
            split_orders.listen,
            old_addresses.listen,
        ),
        info={
            FLOOR: ShopFloor(),
            payments.AFTERCARE: settings.aftercare,
            **({CIPHER: FieldCipher(keys)} if keys else {}),
        },
    )


def _gateways(settings: Settings, database: Database, clock: Clock) -> Gateways:
    house: dict[str, Gateway] = {TELEGRAM: TelegramInvoices()}
    if settings.sandbox_secret is not None:
        bank = SandboxGateway(database, clock, secret=settings.sandbox_secret.reveal())
        house[bank.name] = bank
    return Gateways(
        database,
        clock,
        settings.public_url,
        KINDS,
        egress=Egress(settings.egress_allowed),
        addresses=settings.payment_addresses,
        house=house,
    )


def _transports(settings: Settings, database: Database, house: House) -> Transports:
    return Transports(database, house.packages, Egress(settings.egress_allowed))


def _packages(settings: Settings) -> Packages:
    try:
        return Packages(settings.actions, taken=ACTIONS.keys())
    except BadPackage as bad:
        raise SettingsError([f"TUANZI_ACTIONS ({bad})"]) from bad


def _house(settings: Settings) -> House:
    receiver = settings.model.receiver if settings.model else ""
    packages = _packages(settings)
    return House(FlowLibrary(), ACTIONS, settings.public_url, packages, model_receiver=receiver)


def _adviser(settings: Settings, database: Database, clock: Clock) -> Adviser | None:
    access = settings.model
    if access is None:
        return None
    key = access.key.reveal() if access.key else ""
    model = ChatCompletions(access.url, access.name, key)
    return Adviser(database, clock, model, tokens=access.tokens)


def _telegram(office: Office) -> "TelegramDoor | None":
    """The bot that the environment names: the demo's, a developer's."""
    settings = office.settings
    if settings.telegram_token is None:
        return None
    from bot.delivery.telegram_door import TelegramDoor  # noqa: PLC0415  # brings its library

    return TelegramDoor(office, settings.telegram_token, settings.telegram_secret)


def _job_kinds(settings: Settings, house: House, arrivals: Arrivals) -> dict[str, JobKind]:
    runners: dict[str, JobRunner] = {
        **conversations.JOBS,
        **orders.JOBS,
        **payments.JOBS,
        **group_buys.JOBS,
        **pools.JOBS,
        **split_orders.JOBS,
        **occasions.JOBS,
        **forgetting.JOBS,
        **old_addresses.JOBS,
    }
    kinds = {name: JobKind(_plain(runner)) for name, runner in runners.items()}
    notices = Notices(house.flows, settings.public_url)
    kinds[CARD_CLOCK] = JobKind(_plain(notices.tell_time))
    kinds[WAKE] = JobKind(lambda session, job, now, _: wake_conversation(session, house, job, now))
    kinds[TELL_UNHEARD] = JobKind(
        lambda session, job, now, _: tell_unheard(session, house, job, now)
    )
    kinds[HAND_BACK] = JobKind(
        lambda session, job, now, _: hand_back_unanswered(session, house, job, now)
    )
    kinds[TEND_FLOWS] = JobKind(
        lambda session, job, now, _: tend(
            session, house.flows, keeping=settings.keeping, now=now, **job.args
        )
    )
    kinds[DEADLINE] = JobKind(
        lambda session, job, now, _: end_at_deadline(session, house, job, now)
    )
    kinds[BEGIN] = JobKind(lambda session, job, now, _: begin_at_last(session, house, job, now))
    kinds[TURN] = JobKind(arrivals.run, arrivals.prepare)
    return kinds


def _plain(runner: JobRunner) -> Any:
    def run(session: Session, job: Job, now: datetime, _prepared: Any) -> None:
        runner(session, job, now)

    return run
