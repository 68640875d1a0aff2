"""From a message to commands. The first link that knows the answer wins:

payload (only what was offered) → a menu's command → a pasted link → join lines of an open team →
option by label, number or what stands on its card → fixed words → values and intents → the open
question's free text → clarify, or say so.
"""

from dataclasses import dataclass
from functools import cached_property

from data.catalogue.gtin import is_gtin
from data.kernel.locales import Locale
from dialogs.engine.commands import Act, SkipQuestion, StartFlow
from dialogs.understanding.addresses import early_address, new_address
from dialogs.understanding.afterwards import afterwards, may_concern_a_day
from dialogs.understanding.answers import takes_text, yes_or_no
from dialogs.understanding.choices import chosen, pressed
from dialogs.understanding.common_words import said_in_common
from dialogs.understanding.context import Context
from dialogs.understanding.declining import declined
from dialogs.understanding.fixed_words import (
    STEERING,
    STRONG,
    WEAK,
    asks_for_rules,
    asks_for_votes,
    asks_to_hurry,
    asks_to_nudge,
    heard,
    heard_within,
    joins,
    leaves,
    leaves_line,
    starts_team,
    waits,
)
from dialogs.understanding.language import language_of
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.meaning import by_meaning
from dialogs.understanding.menu_commands import commanded
from dialogs.understanding.message import Message, read_message
from dialogs.understanding.offers import answered_offer
from dialogs.understanding.outcome import Entity, Understood
from dialogs.understanding.own_data import own_data
from dialogs.understanding.pasted_links import pasted
from dialogs.understanding.payload import parse_payload
from dialogs.understanding.pointing import by_name
from dialogs.understanding.pool_wishes import begins_pool, terms_of_pool
from dialogs.understanding.pool_words import (
    gives,
    leaves_pool,
)
from dialogs.understanding.split_wishes import puts_in, said_of_split
from dialogs.understanding.split_words import starts_split
from dialogs.understanding.taking import taken
from dialogs.understanding.together import asks_how_it_stands, buys_together, is_in_one
from dialogs.understanding.values import Setting, extract
from dialogs.understanding.vouchers import voucher
from dialogs.understanding.wishes import for_intent

_INTENT_OF = {"yes": "affirm", "no": "deny"}
_START, _JOIN, _LEAVE = "group_buy_start", "group_buy_join", "group_buy_leave"
_WAIT, _LEAVE_LINE = "group_buy_wait", "group_buy_leave_line"
_STATUS = "group_buy_status"
_RULES, _NUDGE = "group_buy_rules", "group_buy_nudge"
_SEARCH, _ORDERS, _STOP = "product_search", "order_status", "stop_messages"
_LONGEST_ORDER, _LITTLE_MORE = 30, 2  # "order number 1001" and a question mark
POOL_GIVE, POOL_LEAVE = "pool_give", "pool_leave"
SPLIT_START = "split_start"
_SHORTEST_CODE = 12  # an eight-digit number is as likely to be a telephone


@dataclass(frozen=True)
class Heard:
    """The message with its language, as the links take it."""

    message: Message
    context: Context
    language: Locale

    @cached_property
    def values(self) -> tuple[Entity, ...]:
        """Read when a link first asks."""
        return extract(self.message.folded, self.setting, self.context.products)

    @property
    def setting(self) -> Setting:
        return Setting(self.context.today, self.context.locale, self.context.currency)


def understand(text: str, context: Context) -> Understood:
    """What this message asks the engine to do."""
    message = read_message(text)
    here = Heard(message, context, language_of(text, context.locale, lexicon()))
    for link in _LINKS:
        found = link(here)
        if found:
            return found
    return by_meaning(message, context, here.values, here.language)


def _by_payload(here: Heard) -> Understood | None:
    option = pressed(here.message.original, here.context.offered)
    commands = parse_payload(option.payload) if option else None
    return Understood(commands, here.language, "payload") if commands else None


def _by_command(here: Heard) -> Understood | None:
    found = commanded(here.message)
    if found is None:
        return None
    intent, rest = found
    said = Heard(rest, here.context, here.language)
    commands = for_intent(intent, said.values, rest, here.context)
    if not commands:
        return None
    return Understood(commands, here.language, "words", intent, entities=said.values)


def _by_choice(here: Heard) -> Understood | None:
    option = chosen(here.message, here.context) or declined(here.message, here.context)
    commands = parse_payload(option.payload) if option else None
    return Understood(commands, here.language, "offered") if commands else None


def _by_taking(here: Heard) -> Understood | None:
    commands = taken(here.message, here.context)
    return None if commands is None else Understood(commands, here.language, "offered")


def _by_card(here: Heard) -> Understood | None:
    commands = by_name(here.message, here.context)
    return Understood(commands, here.language, "offered") if commands else None


def _by_own_data(here: Heard) -> Understood | None:
    wish = own_data(here.message, here.context)
    if wish is None:
        return None
    intent, entities = wish
    commands = for_intent(intent, entities, here.message, here.context)
    return Understood(commands, here.language, "words", intent, entities=entities)


def _by_voucher(here: Heard) -> Understood | None:
    wish = voucher(here.message, here.context)
    if wish is None:
        return None
    intent, entities = wish
    commands = for_intent(intent, entities, here.message, here.context)
    if not commands:
        return None
    return Understood(commands, here.language, "words", intent, entities=entities)


def _by_address(here: Heard) -> Understood | None:
    text, context = here.message.original, here.context
    command = new_address(text, context)
    commands = (command,) if command else early_address(text, context)
    return Understood(commands, here.language, "address") if commands else None


def _by_saved_day(here: Heard) -> Understood | None:
    if not may_concern_a_day(here.message, here.context):
        return None
    entities = here.values
    commands = afterwards(here.message, here.context, entities)
    return Understood(commands, here.language, "words", entities=entities) if commands else None


def _by_team(here: Heard) -> Understood | None:
    if asks_for_rules(here.message) and buys_together(here.context):
        commands = for_intent(_RULES, (), here.message, here.context)
        return Understood(commands, here.language, "words", _RULES)
    said = _said_of_line(here)
    if said is None and asks_how_it_stands(here.message, here.context):
        said = _STATUS
    if said is not None:
        commands = for_intent(said, (), here.message, here.context)
        return Understood(commands, here.language, "words", said)
    seats = joins(here.message) if here.context.team_open else None
    if seats is None:
        return None
    text = here.message.original
    seat = Entity("quantity", 0, len(text), text, {"value": seats})
    commands = for_intent(_JOIN, (seat,), here.message, here.context)
    return Understood(commands, here.language, "words", _JOIN, entities=(seat,))


def _said_of_line(here: Heard) -> str | None:
    """Out of a team, or of the line for one, or into it. Amid a question for free words the line
    is meant only where there is one."""
    runs = here.context.team_open or here.context.line_open
    if leaves(here.message) and (runs or is_in_one(here.context)):
        return _LEAVE
    if takes_text(here.context) and not runs:
        return None
    if waits(here.message):
        return _WAIT
    return _LEAVE_LINE if leaves_line(here.message) else None


def _by_link(here: Heard) -> Understood | None:
    act = pasted(here.message)
    return Understood((act,), here.language, "words") if act else None


def _by_pool(here: Heard) -> Understood | None:
    """A present that several pay for: begun anywhere, given to where one is open. "Count me in"
    is a team's where one is open too; an amount never is."""
    begun = begins_pool(here.message, here.context, here.setting)
    if begun is not None:
        return Understood(begun.commands, here.language, "words", begun.intent)
    said = terms_of_pool(here.message, here.context, here.setting)
    if said:
        return Understood(said, here.language, "words")
    if not here.context.pool_open:
        return None
    given = gives(here.message)
    if given is not None and (given[0] or not here.context.team_open):
        act = Act("action_chip_in", {"amount": given[0]} if given[0] else {})
        return Understood((act,), here.language, "words", POOL_GIVE)
    if leaves_pool(here.message):
        return Understood((Act("action_leave_pool", {}),), here.language, "words", POOL_LEAVE)
    return None


def _by_nudge(here: Heard) -> Understood | None:
    """Heard alone too: a team is theirs wherever they speak of it. What names the parcel or the
    shop is about an order."""
    if takes_text(here.context):
        return None
    if asks_to_hurry(here.message):
        return Understood((Act("action_nudge_order", {}),), here.language, "words", _ORDERS)
    if not asks_to_nudge(here.message):
        return None
    commands = for_intent(_NUDGE, (), here.message, here.context)
    return Understood(commands, here.language, "words", _NUDGE)


def _by_split(here: Heard) -> Understood | None:
    """One order that a group fills together; older versions of a shop's flows know none."""
    said = said_of_split(here.message, here.context)
    if said is not None:
        return Understood((said[1],), here.language, "words", said[0])
    added = puts_in(here.message, here.context)
    if added is not None:
        return Understood((added,), here.language, "words")
    if SPLIT_START not in here.context.flow_slots or takes_text(here.context):
        return None
    if not starts_split(here.message):
        return None
    return Understood((StartFlow(SPLIT_START),), here.language, "words")


def _by_common(here: Heard) -> Understood | None:
    commands = said_in_common(here.message, here.context)
    return Understood(commands, here.language, "words") if commands else None


def _by_votes(here: Heard) -> Understood | None:
    if takes_text(here.context) or not asks_for_votes(here.message):
        return None
    return Understood((Act("action_tell_votes"),), here.language, "words")


def _by_start(here: Heard) -> Understood | None:
    """Opening a team is a closed list too: in a group it is heard without being addressed."""
    asks_which = here.context.active_flow == here.context.triggers.get(_START)
    if (takes_text(here.context) and not asks_which) or not starts_team(here.message):
        return None
    entities = here.values
    commands = for_intent(_START, entities, here.message, here.context)
    return Understood(commands, here.language, "words", _START, entities=entities)


def _by_code(here: Heard) -> Understood | None:
    """The number under a bar code, and nothing else, is a product to look for."""
    digits = here.message.bare.replace(" ", "").replace("-", "")
    if len(digits) < _SHORTEST_CODE or not is_gtin(digits) or takes_text(here.context):
        return None
    commands = for_intent(_SEARCH, (), here.message, here.context)
    return Understood(commands, here.language, "words", _SEARCH) if commands else None


def _by_order(here: Heard) -> Understood | None:
    """ "order 1001" asks how it stands; only with more words it may be something else."""
    if not 0 < len(here.message.short) <= _LONGEST_ORDER or takes_text(here.context):
        return None
    number = next((one for one in here.values if one.kind == "order_number"), None)
    if number is None:
        return None
    if len(here.message.original.strip()) - (number.end - number.start) > _LITTLE_MORE:
        return None
    commands = for_intent(_ORDERS, (number,), here.message, here.context)
    return Understood(commands, here.language, "words", _ORDERS, entities=(number,))


def _by_words(here: Heard) -> Understood | None:
    """Weak words never take the place of an answer in free words: a card may say "thank you"."""
    answered = _answered_yes_or_no(here)
    if answered:
        return answered
    verdict = answered_offer(here.message, here.context)
    if verdict:
        said, commands = verdict
        return Understood(commands, here.language, "offered", _INTENT_OF[said])
    word = heard_within(here.message) or heard(here.message, STRONG)
    if word is None and not takes_text(here.context):
        word = heard(here.message, WEAK)
    return _word(word, here) if word else None


def _answered_yes_or_no(here: Heard) -> Understood | None:
    """Before "skip": to a yes-or-no question 没有 is a no."""
    commands = yes_or_no(here.message, here.context)
    if commands is None:
        return None
    (answer,) = commands or (None,)
    skips = "skip" if isinstance(answer, SkipQuestion) else None
    intent = skips if answer else _INTENT_OF["yes"]
    return Understood(commands, here.language, "asked", intent)


def _stops_all(here: Heard) -> bool:
    """ "Stop" calls off what is going on; where nothing is, it is what ends all messages."""
    idle = here.context.asked is None and here.context.active_flow is None
    return idle and here.message.bare in lexicon().of("stop_alone")


def _word(word: str, here: Heard) -> Understood | None:
    if word == "skip" and here.context.asked is None:
        return None
    if word == "cancel" and _stops_all(here):
        word = _STOP
    intent = _INTENT_OF.get(word, word)
    if word in STEERING:
        return Understood((STEERING[word],), here.language, "words", intent)
    commands = for_intent(intent, (), here.message, here.context)
    return Understood(commands, here.language, "words", intent) if commands else None


_LINKS = (
    _by_payload, _by_command, _by_own_data, _by_voucher, _by_address, _by_link, _by_pool, _by_split,
    _by_team, _by_common, _by_nudge,
    _by_votes, _by_choice, _by_taking, _by_card, _by_saved_day, _by_words, _by_start, _by_code,
    _by_order,
)  # fmt: skip
