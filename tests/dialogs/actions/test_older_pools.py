"""A present that several pay for, in a shop whose flows were published before anybody could say how
long it collects: it opens as it did then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.play.world import World
from bot.publishing import publish_flows
from data.delivery.models import OutboxRow
from data.merchants import Merchant
from data.pools import Pool, PoolOffer, PoolState, cancel_pool, set_pool_offer
from dialogs.format import shipped_sources
from tests.dialogs.actions.test_group_buying import private, say
from tests.worlds import world_at

SMALL_BOT = Path(__file__).parents[2] / "peers" / "small_bot.yml"
MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)

YOUNG = ("utter_pool_limits", "utter_ask_pool_limits", "utter_pools_not_offered", "utter_pool_days")
YOUNG += ("utter_pool_window", "utter_pool_cap_low", "utter_pool_card_cap", "utter_pool_as_it_is")
YOUNG += ("utter_pool_no_cap", "utter_ask_pool_amount_capped", "utter_pool_price_changed")
YOUNG += ("utter_pool_fit", "utter_pool_links_closed", "utter_pool_close_links_button")
YOUNG += ("utter_pool_share_uneven",)
STEPS = {"offered", "share", "limits", "change"}


def before_limits(world: World) -> None:
    """Publishes what is shipped without the steps and words that came with them."""
    files: dict[str, Any] = dict(shipped_sources())
    files["flows/pool.yml"] = older_flow(str(files["flows/pool.yml"]))
    for name, text in files.items():
        kept, drops = [], False
        for line in str(text).splitlines(keepends=True):
            drops = line.startswith(YOUNG) or (drops and line.startswith(" "))
            kept += [] if drops or "pool_change=true" in line else [line]
        files[name] = "".join(kept).replace("{limits}", "Open for {days} days.")
    with world.tuanzi.database.transaction() as session:
        publish_flows(
            session, merchant_id=world.account.merchant_id, sources=files, by="Lan", now=MORNING
        )


def older_flow(text: str) -> str:
    first, *steps = text.split("      - id: ")
    kept = [step for step in steps if step.split("\n")[0] not in STEPS]
    flow = "      - id: ".join((first, *kept))
    for slot, step in (("pool_change", "change"), ("pool_again", "limits")):
        choice = f"          - if: slots.{slot}\n            then: {step}\n"
        assert choice in flow
        flow = flow.replace(choice, "")
    return flow.replace("- else: offered", "- else: whom")


def summed_up(world: World) -> str:
    """Lan comes to the question whether it shall be opened; gives what it is told before."""
    for text in ("chip in for Ann's present", "tea caravan"):
        say(world, world.account, "Lan", private("Lan"), text)
    said = say(world, world.account, "Lan", private("Lan"), "2")
    assert said[-1].response == "utter_ask_confirm_pool"
    return "\n".join(str(one.segments[0]["text"]) for one in said)


def test_flows_without_words_for_limits_open_one_for_a_week(world: World) -> None:
    before_limits(world)
    assert "Open for 7 days." in summed_up(world)
    for text in ("until Friday", "42 each"):
        (unheard, *_) = say(world, world.account, "Lan", private("Lan"), text)
        assert unheard.response == "utter_cannot_handle"
    (opened, *_) = say(world, world.account, "Lan", private("Lan"), "yes")
    assert opened.response == "utter_pool_opened_secret"
    with world.tuanzi.database.reading() as session:
        pool = session.scalars(select(Pool)).one()
    assert (pool.expires_at - pool.opened_at, pool.cap_minor) == (timedelta(days=7), None)


def test_a_shop_that_stopped_offering_them_refuses_in_words_that_older_flows_have(
    world: World,
) -> None:
    before_limits(world)
    summed_up(world)
    with world.tuanzi.database.transaction() as session:
        merchant = session.get_one(Merchant, world.account.merchant_id)
        set_pool_offer(merchant, PoolOffer(is_open=False))
    (refused, *_) = say(world, world.account, "Lan", private("Lan"), "yes")
    assert refused.response == "utter_error_refused"
    with world.tuanzi.database.reading() as session:
        assert session.scalars(select(Pool)).all() == []


def test_a_shop_that_went_back_to_flows_without_presents_calls_one_off_without_a_word(
    world: World,
) -> None:
    summed_up(world)
    (opened, *_) = say(world, world.account, "Lan", private("Lan"), "yes")
    assert opened.response == "utter_pool_opened_secret"
    with world.tuanzi.database.transaction() as session:
        publish_flows(
            session,
            merchant_id=world.account.merchant_id,
            sources={"small_bot.yml": SMALL_BOT.read_text("utf-8")},
            by="Lan",
            now=MORNING,
        )
    with world.tuanzi.database.transaction() as session:
        pool = session.scalars(select(Pool)).one()
        cancel_pool(
            session,
            merchant_id=pool.merchant_id,
            pool_id=pool.id,
            organiser_id=None,
            now=MORNING,
        )
    with world.tuanzi.database.reading() as session:
        assert session.scalars(select(Pool.state)).one() == PoolState.CANCELLED
        assert "utter_pool_over_cancelled" not in set(session.scalars(select(OutboxRow.response)))
