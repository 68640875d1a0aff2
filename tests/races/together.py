"""Real processes that wait for one another at a barrier and then act in the same moment."""

import faulthandler
import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import queues
from multiprocessing.synchronize import Barrier

from sqlalchemy.orm import configure_mappers

from data import payments, pools, split_orders
from data.group_buys import listen
from data.kernel.database import Database
from data.kernel.errors import ShopError
from data.personal import old_addresses
from tests.builders import SESSION_INFO

_PATIENCE = 120  # seconds: forty processes on a busy machine
_MEETING = 60  # seconds: who fails before the barrier must not keep the others waiting at it
Act = Callable[[Database, Barrier], str | None]  # what it has to tell; nothing is `ok`
# Children of a clean process: what forks from the test's own inherits whatever its threads hold.
_processes = multiprocessing.get_context("forkserver")
_ACTS = [f"tests.races.{name}" for name in ("acts", "money_acts", "split_acts", "team_acts")]
# PostgreSQL's driver, which the first connection would load: 50 ms of the processor, each time.
_processes.set_forkserver_preload(["psycopg", *_ACTS, __name__])
configure_mappers()  # once in that process, not in each child


def all_at_once(database: Database, acts: Sequence[Act]) -> list[str]:
    """Each act in a process and with a connection of its own; what it tells, or why it was refused.

    An act is one of the `…acts.py`; it calls `barrier.wait()` where all should meet. An unforeseen
    error fails the test.
    """
    url = database.engine.url.render_as_string(hide_password=False)
    barrier, answers = _processes.Barrier(len(acts), timeout=_MEETING), _processes.Queue()
    children = [
        _processes.Process(target=_child, args=(url, act, barrier, answers)) for act in acts
    ]
    for child in children:
        child.start()
    said = [answers.get(timeout=_PATIENCE) for _ in children]
    for child in children:
        child.join(_PATIENCE)
    broken = [answer for answer in said if answer.startswith("Traceback")]
    assert broken == [], min(broken, key=_is_only_left_waiting)
    return sorted(said)


def _is_only_left_waiting(answer: str) -> bool:
    return "BrokenBarrierError" in answer


def _child(url: str, act: Act, barrier: Barrier, answers: "queues.Queue[str]") -> None:
    faulthandler.dump_traceback_later(_MEETING + 30, exit=True)  # stuck: say where
    nouns = (payments.listen, listen, pools.listen, split_orders.listen)
    listeners = (*nouns, old_addresses.listen)
    database = Database(url, pool_size=1, listeners=listeners, info=SESSION_INFO)
    try:
        with database.reading() as session:
            session.connection()  # the connection stands before the race begins
        answers.put(act(database, barrier) or "ok")
    except ShopError as error:
        answers.put(error.code)
    except Exception:
        answers.put(traceback.format_exc())
        barrier.abort()
    finally:
        database.close()
        faulthandler.cancel_dump_traceback_later()
