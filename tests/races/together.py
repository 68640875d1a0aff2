"""Real processes that wait for one another at a barrier and then act in the same moment."""

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Barrier

from data.group_buys import listen
from data.kernel.database import Database
from data.kernel.errors import ShopError
from tests.builders import SESSION_INFO

_PATIENCE = 120  # seconds: forty processes on a busy machine
Act = Callable[[Database, Barrier], None]
_fork = multiprocessing.get_context("fork")  # a child inherits the test's closures as they are


def all_at_once(url: str, acts: Sequence[Act]) -> list[str]:
    """Each act in a process and with a connection of its own; `ok`, or why it was refused.

    An act calls `barrier.wait()` where all should meet. An unforeseen error fails the test.
    """
    barrier, answers = _fork.Barrier(len(acts)), _fork.Queue()
    children = [_fork.Process(target=_child, args=(url, act, barrier, answers)) for act in acts]
    for child in children:
        child.start()
    said = [answers.get(timeout=_PATIENCE) for _ in children]
    for child in children:
        child.join(_PATIENCE)
    broken = [answer for answer in said if answer.startswith("Traceback")]
    assert broken == [], broken[0]
    return sorted(said)


def _child(url: str, act: Act, barrier: Barrier, answers: "multiprocessing.Queue[str]") -> None:
    database = Database(url, pool_size=1, listeners=(listen,), info=SESSION_INFO)
    try:
        with database.reading() as session:
            session.connection()  # the connection stands before the race begins
        act(database, barrier)
        answers.put("ok")
    except ShopError as error:
        answers.put(error.code)
    except Exception:
        answers.put(traceback.format_exc())
    finally:
        database.close()
