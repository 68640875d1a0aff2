"""`tuanzi understand`: one line of text, as JSON, with or without a shop around it."""

from datetime import date
from typing import Any

from data.kernel.locales import Locale
from dialogs.understanding.chain import understand
from dialogs.understanding.context import Context


def describe(text: str, *, today: date, context: Context | None = None) -> dict[str, Any]:
    """`{commands, intent, confidence, entities, language, link}` for this text."""
    if context is None:
        context = Context(locale=Locale.EN, today=today)
    return understand(text, context).to_json()


def warm_up() -> None:
    """Read word lists and weights before the first person waits for them."""
    describe("warm up 三百以内 next Friday", today=date(2026, 1, 1))
