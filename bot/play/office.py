"""The merchant's side of a story: goods, flows, orders, by the functions the console calls (J4).

Each verb gives the lines that its page shows; a story expects them with `shown:`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.api import drafting
from bot.api.paging import Where
from bot.api.reads import chats, group_buys, orders, split_orders
from bot.api.reads.people import names_of
from bot.campaign_files import apply_campaigns
from bot.console.flow_sheet import Sheet, first_sheet, head
from bot.console.preview import Rehearsal, rehearse
from bot.play.world import World
from bot.shop_files import ShopFileProblems
from bot.trials import publish_tried
from bot.web.scope import changing, looking
from bot.web.wording import say
from bot.yaml_files import text_of
from data.catalogue import import_feed
from data.delivery.messages import Card, Options, Segment, Text
from data.flows import roll_back
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.coupons import CouponTerms, make_coupon
from data.payments.gift_cards import issue_gift_card
from data.pools import PoolOffer, set_pool_offer
from data.pools.terms import LONGEST
from data.split_orders import cancel_split_by_shop
from dialogs.format import FlowSet
from dialogs.wording import money
from integrations.catalogues import read_google_feed

_OWNER = "店主"
Shown = list[str]


@dataclass(slots=True)
class Office:
    """`folder` is where the story's files stand, if they stand in one. The open sheet is kept from
    step to step."""

    world: World
    locale: Locale
    folder: Path | None
    _sheet: Sheet | None = None

    def act(self, given: Mapping[str, Any]) -> Shown | None:
        """What the page shows after it; None for a verb that is not the merchant's."""
        for verb, act in _VERBS.items():
            if verb in given:
                return act(self, given)
        return None

    @property
    def _merchant_id(self) -> str:
        return self.world.account.merchant_id

    @property
    def _now(self) -> datetime:
        return self.world.tuanzi.clock.now()

    def _say(self, text_id: str, **values: object) -> str:
        return say(text_id, self.locale, **values)

    def _look(self, see: Callable[[Session], Iterator[str]]) -> Shown:
        with looking(self.world.tuanzi.database, self._merchant_id) as session:
            return list(see(session))

    def _versions(self) -> drafting.Versions:
        with looking(self.world.tuanzi.database, self._merchant_id) as session:
            return drafting.versions(session, merchant_id=self._merchant_id)

    # — goods —

    def _import(self, given: Mapping[str, Any]) -> Shown:
        """`{import: goods.tsv}`; with `only_check: true` nothing is kept."""
        if self.folder is None:
            raise NotFound("file")
        feed = read_google_feed((self.folder / str(given["import"])).read_bytes())
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            report = import_feed(
                session,
                merchant_id=self._merchant_id,
                feed=feed,
                dry_run=bool(given.get("only_check")),
                now=self._now,
            )
        complaints = [
            self._say("cli.import_row", row=e.row, field=e.field, why=self._say(e.code, **e.values))
            for e in report.errors
        ]
        counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged")}
        done = self._say("cli.import_done", **counts, errors=len(report.errors))
        return [*complaints, done]

    def _apply(self, given: Mapping[str, Any]) -> Shown:
        """`{apply: campaigns.yml}`: the group-buys of a file, or every mistake with its line."""
        if self.folder is None:
            raise NotFound("file")
        name = str(given["apply"])
        text = text_of(self.folder / name)
        try:
            with changing(self.world.tuanzi.database, self._merchant_id) as session:
                merchant = session.get_one(Merchant, self._merchant_id)
                gateways = self.world.tuanzi.gateways
                applied = apply_campaigns(
                    session,
                    merchant=merchant,
                    file=name,
                    text=text,
                    longest_hold=gateways.longest_hold(session, merchant.id),
                    now=self._now,
                )
        except ShopFileProblems as wrong:
            return wrong.render(self.locale).splitlines()
        return [self._say("cli.campaigns_applied", **asdict(applied))]

    # — what takes off the price, and what pays it —

    def _coupon(self, given: Mapping[str, Any]) -> Shown:
        """`{coupon: SPRING10, off: 20}` or `percent_off: 10`; `from: 100`: goods for so much."""
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            currency = session.get_one(Merchant, self._merchant_id).currency
            off, least = given.get("off"), given.get("from")
            terms = CouponTerms(
                str(given["coupon"]),
                percent_off=given.get("percent_off"),
                off=Money.of(str(off), currency) if off else None,
                goods_from=Money.of(str(least), currency) if least else None,
            )
            make_coupon(
                session,
                merchant_id=self._merchant_id,
                currency=currency,
                terms=terms,
                by=_OWNER,
                now=self._now,
            )
        return [self._say("done.coupon_made")]

    def _gift_card(self, given: Mapping[str, Any]) -> Shown:
        """`{gift_card: ABCD-…, worth: 50}`: with this code, so that a story can say it."""
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            currency = session.get_one(Merchant, self._merchant_id).currency
            issue_gift_card(
                session,
                merchant_id=self._merchant_id,
                amount=Money.of(str(given["worth"]), currency),
                by=_OWNER,
                now=self._now,
                code=str(given["gift_card"]),
            )
        return [self._say("gift_cards.issued")]

    def _pools(self, given: Mapping[str, Any]) -> Shown:
        """`{pools: false}`, or `{pools: true, longest_days: 3}`: what is offered of them."""
        offer = PoolOffer(
            bool(given["pools"]), timedelta(days=int(given.get("longest_days", LONGEST.days)))
        )
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            set_pool_offer(session.get_one(Merchant, self._merchant_id), offer)
        return [self._say("done.saved")]

    def _end_split(self, given: Mapping[str, Any]) -> Shown:
        """The common order that was opened last; the reason is told to everybody in it."""
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            newest = split_orders.list_split_orders(
                session, merchant_id=self._merchant_id, state=None, where=Where(None)
            ).items[0]
            cancel_split_by_shop(
                session,
                merchant_id=self._merchant_id,
                split_id=newest.id,
                by=_OWNER,
                said=str(given["end_split"]),
                now=self._now,
            )
        return [self._say("done.split_cancelled")]

    # — flows —

    def _open(self, given: Mapping[str, Any]) -> Shown:
        """`{open: flows/gift_finder.yml}`; what was changed before and not saved is carried."""
        name = str(given["open"])
        self._sheet = self._open_sheet.opened(name)
        return [f"{name} ({len(self._sheet.text.splitlines())})"]

    def _replace(self, given: Mapping[str, Any]) -> Shown:
        """`{replace: old, with: new}` in the open file, which must have the old words."""
        old, new, sheet = str(given["replace"]), str(given["with"]), self._open_sheet
        if old not in sheet.text:
            return []
        text = sheet.text.replace(old, new, 1)
        self._sheet = replace(sheet, changed={**sheet.changed, sheet.current: text})
        number = text[: text.index(new)].count("\n")
        return [f"{number + 1} │ {text.splitlines()[number]}"]

    def _save(self, _given: Mapping[str, Any]) -> Shown:
        """`{save: draft}`: kept, or every mistake with its line."""
        sheet = self._open_sheet
        if sheet.base != head(self._versions()):
            return [self._say("error_draft_moved")]
        found = drafting.checked(sheet.sources)
        if not isinstance(found, FlowSet):
            return [line for problem in found for line in problem.render(self.locale).splitlines()]
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            drafting.keep(
                session,
                merchant_id=self._merchant_id,
                sources=sheet.sources,
                flow_set=found,
                author=_OWNER,
                now=self._now,
            )
        self._sheet = None
        return [self._say("done.draft_saved")]

    def _try(self, given: Mapping[str, Any]) -> Shown:
        """`{try: [what is said, …]}` in a test chat on the draft; nothing of it stays."""
        wanted = Rehearsal(
            self._merchant_id,
            head(self._versions()),
            _OWNER,
            self.locale,
            [str(line) for line in given["try"]],
            self._now,
        )
        played = rehearse(self.world.tuanzi.database, self.world.tuanzi.house, wanted)
        return [
            line
            for exchange in played.exchanges
            for line in (f"> {exchange.heard}", *_answers(exchange.answers))
        ]

    def _publish(self, _given: Mapping[str, Any]) -> Shown:
        """`{publish: draft}`."""
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            sha = drafting.versions(session, merchant_id=self._merchant_id).draft or ""
            publish_tried(session, merchant_id=self._merchant_id, sha=sha, by=_OWNER, now=self._now)
        return [self._say("done.published")]

    def _roll_back(self, _given: Mapping[str, Any]) -> Shown:
        """`{roll_back: flows}`."""
        with changing(self.world.tuanzi.database, self._merchant_id) as session:
            roll_back(session, merchant_id=self._merchant_id, by=_OWNER, now=self._now)
        return [self._say("done.rolled_back")]

    @property
    def _open_sheet(self) -> Sheet:
        return self._sheet or first_sheet(self._versions())

    # — lists —

    def _list(self, given: Mapping[str, Any]) -> Shown:
        """`{look_at: orders}`, `group_buys` or `chats`: one line each, the newest first."""
        return self._look(_LISTS[str(given["look_at"])].__get__(self))

    def _orders(self, session: Session) -> Iterator[str]:
        mine = {"merchant_id": self._merchant_id}
        found = orders.list_orders(session, **mine, state=None, where=Where(None)).items
        names = names_of(session, **mine, ids={order.person_id for order in found})
        for order in found:
            state = self._say(f"order_state.{order.state}")
            total = money(order.total, self.locale)
            yield f"#{order.number} {names[order.person_id]} {total} {state}"

    def _group_buys(self, session: Session) -> Iterator[str]:
        teams = group_buys.list_teams(
            session, merchant_id=self._merchant_id, campaign_id=None, where=Where(None)
        )
        for team in teams.items:
            yield f"{team.held}/{team.target} {self._say(f'team_state.{team.state}')}"

    def _chats(self, session: Session) -> Iterator[str]:
        mine = {"merchant_id": self._merchant_id}
        every = chats.Among.ALL
        found = chats.list_chats(
            session, merchant_id=self._merchant_id, among=every, where=Where(None)
        )
        for view in chats.views(session, **mine, conversations=found.items):
            mark = [self._say("chat.unanswered")] if view.conversation.unanswered_at else []
            mode = self._say(f"mode.{view.conversation.mode}")
            yield " ".join((view.person.name, mode, *mark))


def _answers(segments: list[Segment]) -> Iterator[str]:
    """What the test chat shows of an answer."""
    for segment in segments:
        match segment:
            case Text():
                yield segment.text
            case Card():
                yield segment.title
            case Options():
                yield " ".join(f"[{option.title}]" for option in segment.options)


_LISTS = {"orders": Office._orders, "group_buys": Office._group_buys, "chats": Office._chats}
_VERBS: dict[str, Callable[[Office, Mapping[str, Any]], Shown]] = {
    "import": Office._import,
    "apply": Office._apply,
    "coupon": Office._coupon,
    "gift_card": Office._gift_card,
    "pools": Office._pools,
    "end_split": Office._end_split,
    "open": Office._open,
    "replace": Office._replace,
    "save": Office._save,
    "try": Office._try,
    "publish": Office._publish,
    "roll_back": Office._roll_back,
    "look_at": Office._list,
}
OFFICE_VERBS = tuple(_VERBS)
