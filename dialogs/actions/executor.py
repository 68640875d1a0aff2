"""A merchant's rasa-sdk actions in this process: the one place where that library is met.

Each package has an executor of its own and a thread with an event loop of its own, so that an
action that blocks, hangs or exits holds up nobody but its merchant. Imported only when needed.
"""

import asyncio
import inspect
import json
import logging
import pkgutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from copy import deepcopy
from functools import partial
from importlib import import_module
from threading import Lock, Semaphore, Thread
from types import ModuleType
from typing import Any

from rasa_sdk import Action, ActionExecutionRejection
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionNotFoundException

from dialogs.actions.contract import CallFailed, Json, Reason
from dialogs.actions.packages import ActionPackage, BadPackage

__all__ = ["Action", "InProcess"]
log = logging.getLogger(__name__)
SECONDS = 5.0  # security.md T18: what an action server gets too
LARGEST = 1024 * 1024  # bytes of an answer as JSON, also T18
_PATIENCE = 1.0  # seconds
_THREADS = 4  # for `run`s that do not await; one that timed out keeps its thread until it ends


class InProcess:
    """The transport to one package. BadPackage where it is not what the list says."""

    def __init__(self, package: ActionPackage, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._threads = Semaphore(_THREADS)
        self._executor = ActionExecutor()
        self._home: _Home | None = None
        self._starting = Lock()
        for action in _listed(package):
            self._register(action)

    async def call(self, payload: Json) -> object:
        """The executor keeps the domain it saw last and actions change the tracker in place: each
        call gets a copy, and gives one."""
        running = self._begun().take(self._run(deepcopy(payload)))
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(running)
        except TimeoutError:
            raise CallFailed(Reason.TIMEOUT, _name(payload)) from None

    def close(self) -> None:
        if self._home is not None:
            self._home.close()

    def _register(self, action: Any) -> None:
        self._executor.register_action(action)
        if not inspect.iscoroutinefunction(action.run):
            self._executor.actions[action.name()] = partial(self._in_thread, action.run)

    def _begun(self) -> "_Home":
        """With the first call: no thread outlives the parting of a process into several."""
        with self._starting:
            if self._home is None:
                self._home = _Home()
            return self._home

    async def _run(self, payload: Json) -> object:
        if not payload.get("domain"):  # else the executor would take that of another call
            raise CallFailed(Reason.UNREADABLE, "domain")
        try:
            return _as_json((await self._executor.run(payload)).model_dump())
        except CallFailed:
            raise
        except ActionNotFoundException:
            raise CallFailed(Reason.UNKNOWN_ACTION, _name(payload)) from None
        except ActionExecutionRejection:
            raise CallFailed(Reason.REFUSED, _name(payload)) from None
        except asyncio.CancelledError:
            if _is_cancelled():  # our time-out; else the action cancelled itself
                raise
            raise CallFailed(Reason.BROKEN, _name(payload)) from None
        except BaseException:  # an action that exits must not take the loop with it
            log.exception("action %s", _name(payload))
            raise CallFailed(Reason.BROKEN, _name(payload)) from None

    async def _in_thread(self, run: Callable[..., Any], *given: Any) -> Any:
        """One that does not await, where it blocks nobody."""
        if not self._threads.acquire(blocking=False):
            raise CallFailed(Reason.BUSY)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # it cannot be stopped any more
        Thread(target=self._settle, args=(future, run, given), daemon=True).start()
        events = await asyncio.wrap_future(future)
        return await events if inspect.isawaitable(events) else events

    def _settle(self, future: Future[Any], run: Callable[..., Any], given: tuple[Any, ...]) -> None:
        try:
            future.set_result(run(*given))
        except StopIteration:  # no future takes it
            future.set_exception(CallFailed(Reason.BROKEN))
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._threads.release()


class _Home:
    """A thread with an event loop of its own. It ends with the process, whatever still runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._live, name="actions", daemon=True)
        self._thread.start()

    def take(self, work: Coroutine[Any, Any, object]) -> Future[object]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """One that blocks the loop is not waited for long."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)

    def _live(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


def _as_json(answer: object) -> object:
    """As it would have come over the wire: nothing in it is the action's own any more."""
    try:
        body = json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise CallFailed(Reason.UNREADABLE) from None
    if len(body) > LARGEST:
        raise CallFailed(Reason.TOO_LARGE)
    return json.loads(body)


def _name(payload: Json) -> str:
    return str(payload.get("next_action", ""))


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _listed(package: ActionPackage) -> list[Any]:
    """The package's own actions that stand on the list, never another's of this process."""
    try:
        modules = list(_modules(package.module))
    except Exception as error:
        log.exception("actions of %s", package.module)
        raise BadPackage(package.module) from error
    names = {module.__name__ for module in modules}
    ours = [kind for kind in _kinds(Action) if kind.__module__ in names]
    actions = [kind() for kind in ours if not inspect.isabstract(kind)]
    listed = {action.name(): action for action in actions if action.name() in package.names}
    if missing := package.names - listed.keys():
        raise BadPackage(f"{package.module}: {', '.join(sorted(missing))}")
    return list(listed.values())


def _modules(name: str) -> Iterator[ModuleType]:
    """It and everything below it."""
    module = import_module(name)
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        yield import_module(found.name)


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)
