"""A yes or no where nothing is asked: it answers what was offered last, if anything was.

A yes takes it. A no has to be noted only where the offer was itself a question: "did that help?"
"""

from dialogs.engine.commands import Act, Command
from dialogs.understanding.context import Context, Offered
from dialogs.understanding.fixed_words import heard
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.payload import parse_payload

_PLAIN, _HELPED = ("yes", "no"), ("helped", "not_helped")  # 有: a yes to "did that help?" alone


def answered_offer(message: Message, context: Context) -> tuple[str, tuple[Command, ...]] | None:
    """The word, and what it does here."""
    if context.asked is not None or context.agreed is None:
        return None
    plain = heard(message, _PLAIN)
    said = plain or _said_of_help(message)
    taken = context.agreed() if said else ()
    asked = taken[0] if taken and isinstance(taken[0], Act) else None
    if said is None or (plain is None and asked is None):
        return None
    commands = taken if said == "yes" else _contrary(asked, context.offered)
    return (said, commands) if commands else None


def _said_of_help(message: Message) -> str | None:
    """ "No, it didn't": each piece says so."""
    for plain, helped in zip(_PLAIN, _HELPED, strict=True):
        forms = {*lexicon().of(f"words.{plain}"), *lexicon().of(f"words.{helped}")}
        if {message.short, message.bare} & forms or forms.issuperset(message.parts or ("",)):
            return plain
    return None


def _contrary(asked: Act | None, offered: tuple[Offered, ...]) -> tuple[Command, ...]:
    """The button with the same answer turned from true to false."""
    if asked is None:
        return ()
    values = {name: False if value is True else value for name, value in asked.values.items()}
    no = (Act(asked.action, values),)
    return no if any(parse_payload(one.payload) == no for one in offered) else ()
