"""Asks a language model between hearing and the turn, with no transaction and no look open.

Before a call its cost is taken from the shop's budget of the day; whatever fails, or would cost too
much, is as if there were no model. Only so many are asked at once: who comes then does not wait.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import model_spend
from dialogs.understanding.model import Advice, Proposal, Question, messages_of, schema_of
from integrations.language_models import ChatCompletions, Unanswered

log = logging.getLogger(__name__)
_AT_ONCE = 4
_Answer = TypeVar("_Answer")


class Puzzled(Exception):
    """Nobody here understood the message: a model may be asked, and then the turn be taken."""

    def __init__(self, question: Question) -> None:
        super().__init__("puzzled")
        self.question = question


class Adviser:
    """One per process. `tokens`: what each shop may use of the model in a day."""

    def __init__(
        self, database: Database, clock: Clock, model: ChatCompletions, *, tokens: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._model = model
        self._tokens = tokens
        self._places = BoundedSemaphore(_AT_ONCE)
        self.threads: Executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="model")

    def ask(self, question: Question) -> Advice:
        """Never raises for what the other side does: then the advice is empty."""
        if self._model.is_resting or not self._places.acquire(blocking=False):
            return Advice(self._model.name)
        try:
            return Advice(self._model.name, self._ask(question))
        finally:
            self._places.release()

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, question: Question) -> Proposal | None:
        messages, schema = messages_of(question), schema_of(question)
        merchant_id, day = question.merchant_id, self._clock.now().date()
        cost = self._model.cost(messages, schema)
        with self._database.transaction() as session:
            paid = model_spend.reserve(
                session, merchant_id=merchant_id, day=day, tokens=cost, limit=self._tokens
            )
        if not paid:
            return None
        try:
            completed = self._model.complete(messages, schema)
        except Unanswered:  # it may have counted all the same, so nothing is given back
            return None
        if completed.tokens is not None:
            with self._database.transaction() as session:
                model_spend.put_right(
                    session,
                    merchant_id=merchant_id,
                    day=day,
                    reserved=cost,
                    used=completed.tokens,
                )
        return Proposal.of(completed.content)


async def in_turn_thread(
    threads: Executor, adviser: Adviser | None, take: Callable[[Advice | None], _Answer]
) -> _Answer:
    """Take a turn; where a model is asked first, no thread that takes turns waits for it."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(threads, take, None)
    except Puzzled as puzzled:
        assert adviser is not None  # noqa: S101  # else nobody is puzzled
        advice = await loop.run_in_executor(adviser.threads, adviser.ask, puzzled.question)
        return await loop.run_in_executor(threads, take, advice)
