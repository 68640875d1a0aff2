"""A present that several pay for is begun in its organiser's own chat, wherever they said so: the
person it is for may sit in the group. Giving, leaving and calling off stand in pool_giving.py."""

from sqlalchemy import select

from data.catalogue import (
    Product,
    Variant,
    get_product,
    get_variant,
    text_in,
)
from data.delivery.messages import Option, Options
from data.kernel.errors import NotFound, OutOfStock, Refused, ShopError, TooOften
from data.kernel.money import Money
from data.orders import kept_address
from data.people import Chat, ChatMember, Person
from data.pools import (
    LONGEST_NAME,
    EndRule,
    Pool,
    PoolState,
    PoolTerms,
    open_pool,
    pool_of,
    pool_offer,
    pool_view,
    say_where,
    share_pool,
)
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.named_goods import goods_called, left_of
from dialogs.actions.pool_limits import (
    cap_of,
    fits,
    limits_in_words,
    say_window,
    shares_of,
    target_of,
    window_of,
)
from dialogs.actions.turn import Turn

_PRODUCT = "prd_"
_OFF, _NOT_OFFERED = "pools_off", "utter_pools_not_offered"
_SAID_AHEAD = ("pool_for", "pool_gift", "pool_share", "pool_limits")
_CLOSED = "utter_pool_links_closed"
_CHANGED = "utter_pool_price_changed"
_OF_THIS_ONE = ("pool_chat", "pool_keep", "pool_ends", "pool_cap", "pool_told", "pool_again")


class PoolAside(ShopAction):
    """Said in a group: it goes on alone, and the group is remembered as where the card may live."""

    called = "action_pool_aside"

    def act(self, turn: Turn) -> None:
        said = {slot: turn.slots[slot] for slot in _SAID_AHEAD if turn.slots.get(slot)}
        for slot in said:
            turn.set(slot, None)
        turn.go_on_privately("pool_start", pool_chat=turn.chat.id, **said)


class PoolOffered(ShopAction):
    """A shop may do without: then nothing more is asked."""

    called = "action_pool_offered"

    def act(self, turn: Turn) -> None:
        is_open = pool_offer(turn.merchant).is_open
        turn.set("pool_offered", is_open)
        if not is_open:
            turn.say(_NOT_OFFERED)


class ValidatePoolFor(ShopAction):
    """One line, for it stands on cards; a tale is no name."""

    called = "validate_pool_for"

    def act(self, turn: Turn) -> None:
        name = " ".join(str(turn.slots.get("pool_for") or "").split())
        is_name = 0 < len(name) <= LONGEST_NAME
        turn.set("pool_for", name if is_name else None)
        if not is_name:
            turn.say("utter_pool_for_long", most=str(LONGEST_NAME))


class ValidatePoolGift(ShopAction):
    """Words become a product; where they may mean several, the question names those."""

    called = "validate_pool_gift"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("pool_gift") or "")
        sure = said if said.startswith(_PRODUCT) else self._found(turn, said)
        turn.set("pool_gift", sure)
        if sure is None:
            return
        left = left_of(turn, _product(turn, sure).id)
        turn.set("product", sure)
        turn.set("variant", left[0].id if len(left) == 1 else None)

    def _found(self, turn: Turn, said: str) -> str | None:
        found = goods_called(turn, said)
        turn.set("pool_gifts", found)
        if not found:
            turn.say("utter_pool_no_such_gift")
        return found[0] if len(found) == 1 else None


class AskPoolGift(ShopAction):
    """What was found for their words, or just the question."""

    called = "action_ask_pool_gift"

    def act(self, turn: Turn) -> None:
        found = [_product(turn, one) for one in turn.slots.get("pool_gifts") or ()]
        options = tuple(
            Option(text_in(one.title, turn.locale), f"/SetSlots(pool_gift={one.id})")
            for one in found
        )
        more = (Options(options),) if options else ()
        name = turn.slots.get("pool_for")
        turn.say("utter_ask_pool_gift", *more, for_name=name)


class PoolWhose(ShopAction):
    """Is somebody of that name in that group? Then nothing is said there; who of several it is, we
    do not know. Without a group there is nothing to ask."""

    called = "action_pool_whose"

    def act(self, turn: Turn) -> None:
        chat_id, name = turn.slots.get("pool_chat"), str(turn.slots.get("pool_for") or "")
        members = _members_called(turn, str(chat_id), name) if chat_id else []
        turn.set("pool_member", members[0] if len(members) == 1 else None)
        turn.set("pool_secret", True if members or not chat_id else None)


def _members_called(turn: Turn, chat_id: str, name: str) -> list[str]:
    """Those of that group whom this name may mean, as far as we have met them."""
    here = (
        select(Person)
        .join(ChatMember, ChatMember.person_id == Person.id)
        .where(ChatMember.chat_id == chat_id, ChatMember.left_at.is_(None))
        .where(Person.merchant_id == turn.merchant.id, Person.id != turn.person.id)
        .order_by(Person.created_at, Person.id)
    )
    return [person.id for person in turn.session.scalars(here) if _is_called(person, name)]


def _is_called(person: Person, name: str) -> bool:
    wanted, called = name.strip().casefold(), person.name.strip().casefold()
    return bool(called) and (called == wanted or wanted in called.split())


class AskConfirmPool(ShopAction):
    """What it costs, how it is shared, who will see it: all of it before anything is held."""

    called = "action_ask_confirm_pool"

    def act(self, turn: Turn) -> None:
        product, target = _product(turn, str(turn.slots["pool_gift"])), target_of(turn)
        values = {
            "title": text_in(product.title, turn.locale),
            "for_name": turn.slots["pool_for"],
            "target": target,
            **limits_in_words(turn),
        }
        count = shares_of(turn)
        if count is None:
            turn.say("utter_pool_summary_free", **values)
        else:
            share = target.split([1] * count)[0]
            turn.say("utter_pool_summary", count=str(count), share=share, **values)
        turn.say(_who_sees(turn), for_name=turn.slots["pool_for"])
        if turn.knows(_CHANGED):
            turn.set("pool_told", str(target.minor))
        turn.say("utter_ask_confirm_pool")


def _who_sees(turn: Turn) -> str:
    if turn.slots.get("pool_member"):
        return "utter_pool_guarded"
    return "utter_pool_unguarded" if turn.slots.get("pool_secret") else "utter_pool_in_group"


class OpenPool(ShopAction):
    """In the group its card is shown; kept from it, a link is given to be passed on alone."""

    called = "action_open_pool"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        turn.set("pool", None)
        if not fits(turn, window_of(turn)):  # the day came, or the shop's rule, while this lay here
            say_window(turn)
            return
        if _costs_something_else(turn):
            return
        try:
            pool = self._opened(turn)
        except (TooOften, Refused) as refusal:
            if isinstance(refusal, OutOfStock):
                raise
            _say_why(turn, refusal)
            return
        turn.set("pool", pool.id)
        for done in _OF_THIS_ONE:
            turn.set(done, None)
        view = pool_view(turn.session, pool, now=turn.now)
        title = text_in(view.title, turn.locale)
        off = turn.option("utter_pool_off_button", f"/StartFlow(pool_off, pool={pool.id})")
        left = view.deadline - turn.now
        values = {"title": title, "for_name": pool.for_name, "left": left}
        values["days"] = str(left.days)  # as flows that were published before say it
        if pool.chat_id is not None:
            turn.say("utter_pool_opened", Options((off,)), **values)
            return
        token = share_pool(
            turn.session, merchant_id=turn.merchant.id, pool_id=pool.id, now=turn.now
        )
        link = f"{turn.public_url}/c/{token}"
        ways = (_close_links(turn, pool), off) if turn.knows(_CLOSED) else (off,)
        turn.say("utter_pool_opened_secret", Options(ways), link=link, **values)

    def _opened(self, turn: Turn) -> Pool:
        variant = _variant(turn)
        terms = PoolTerms(
            for_name=str(turn.slots["pool_for"]),
            window=window_of(turn),
            shares=shares_of(turn),
            cap=cap_of(turn),
            end_rule=EndRule.KEEP if turn.slots.get("pool_keep") else EndRule.ALL_OR_NOTHING,
            recipient_id=turn.slots.get("pool_member"),
        )
        return open_pool(
            turn.session,
            merchant_id=turn.merchant.id,
            organiser_id=turn.person.id,
            variant_id=variant.id,
            terms=terms,
            chat_id=_chat_of(turn),
            now=turn.now,
        )


def _close_links(turn: Turn, pool: Pool) -> Option:
    """For a link that fell into the wrong hands. Flows that were published before do without."""
    return turn.option(
        "utter_pool_close_links_button", f"/Act(action_close_pool_links, pool={pool.id})"
    )


def _costs_something_else(turn: Turn) -> bool:
    """Not what the summary said: told, and asked anew. Flows that were published before cannot ask
    again, and keep no price."""
    told, target = turn.slots.get("pool_told"), target_of(turn)
    before = target if told is None else Money(int(told), target.currency)
    turn.set("pool_again", before != target)
    if before != target:
        turn.set("pool_keep", None)  # said of the other price, with that yes
        turn.say(_CHANGED, target=target, told=before)
    return before != target


def _say_why(turn: Turn, refusal: ShopError) -> None:
    """Flows that a shop published before have no words for one who stopped offering it."""
    if refusal.detail != _OFF:
        turn.say("utter_pool_not_now", limit=str(refusal.values.get("limit", "")))
    elif turn.knows(_NOT_OFFERED):
        turn.say(_NOT_OFFERED)
    else:
        raise refusal


def _chat_of(turn: Turn) -> str | None:
    """Only where its organiser has said that the person is not there."""
    if turn.slots.get("pool_secret") or not turn.slots.get("pool_chat"):
        return None
    chat = turn.session.get(Chat, str(turn.slots["pool_chat"]))
    return chat.id if chat is not None and chat.merchant_id == turn.merchant.id else None


class AddressPool(ShopAction):
    """Whose address comes next: another present may be spoken of before it does."""

    called = "action_address_pool"

    def act(self, turn: Turn) -> None:
        turn.set("address_pool", turn.slots.get("pool"))


class CheckPool(ShopAction):
    """Whether there is still something to go on with; that it is over was told when it ended."""

    called = "action_check_pool"

    def act(self, turn: Turn) -> None:
        asked = str(turn.slots.get("address_pool") or "")
        pool = turn.session.get(Pool, asked, populate_existing=True)
        turn.end_if(pool is not None and pool.state in (PoolState.FAILED, PoolState.CANCELLED))


class PoolAddress(ShopAction):
    """Where it goes is sealed in the pool at once; only its organiser may say it."""

    called = "action_pool_address"

    def act(self, turn: Turn) -> None:
        # Flows that a shop published before have only the second.
        pool_id = str(turn.slots.get("address_pool") or turn.slots.get("pool") or "")
        reference = turn.slots.get("ship_to")
        address = kept_address(turn.session, person=turn.person, reference=str(reference))
        pool = pool_of(turn.session, merchant_id=turn.merchant.id, pool_id=pool_id)
        if pool.organiser_id != turn.person.id:
            raise NotFound("pool")
        say_where(
            turn.session,
            pool_id=pool_id,
            organiser_id=turn.person.id,
            address=address,
            now=turn.now,
        )
        turn.say("utter_pool_address_kept", for_name=pool.for_name)


def _product(turn: Turn, product_id: str) -> Product:
    return get_product(turn.session, merchant_id=turn.merchant.id, product_id=product_id)


def _variant(turn: Turn) -> Variant:
    return get_variant(
        turn.session, merchant_id=turn.merchant.id, variant_id=str(turn.slots["variant"])
    )


ACTIONS = (
    PoolAside,
    PoolOffered,
    ValidatePoolFor,
    ValidatePoolGift,
    AskPoolGift,
    PoolWhose,
    AskConfirmPool,
    OpenPool,
    AddressPool,
    CheckPool,
    PoolAddress,
)
