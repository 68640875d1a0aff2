"""Flows: edit them as YAML, check, keep a draft, try it, publish, look back, roll back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.action_servers import called_in
from bot.api import drafting
from bot.console.desk import AtDesk, Desk, Form
from bot.console.flow_sheet import OPEN, Sheet, file_name, first_sheet, head, read_sheet
from bot.console.flow_stories import migrate_map, publish_or_show
from bot.console.pages import go, page
from bot.console.preview import LONGEST, Rehearsal, rehearse
from bot.flow_checks import check_flows
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.flows import before_live, history, roll_back, sound_versions
from data.flows.trials import overrides
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from dialogs.format import FlowProblems, FlowSet, Problem

router = APIRouter(prefix="/flows")
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422
_LONGEST_LINE = 2_000


@router.get("")
def list_flows(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop)


@router.get("/edit")
def edit_flows(desk: AtDesk, shop: Shop, file: Annotated[str, Query()] = "") -> Response:
    return _editor(desk, first_sheet(_versions(desk, shop), file))


@router.post("/edit")
def work_on_flows(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """One form, several buttons: open another file, add one, check, save as the draft."""
    versions = _versions(desk, shop)
    sheet = read_sheet(versions, form)
    wanted = str(form.get("do", "check"))
    if wanted.startswith(OPEN):
        return _editor(desk, sheet.opened(wanted.removeprefix(OPEN)))
    if wanted == "new":
        return _add(desk, sheet, str(form.get("new_name", "")))
    if wanted == "save":
        return _save(desk, shop, sheet, head(versions))
    called = called_in(shop.database, shop.house, desk.merchant_id)
    return _checked(desk, sheet, check_flows(sheet.sources, called=called))


@router.post("/publish")
def publish_flows(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Make a kept version live if its stories hold: new flows begin on it, running ones end on
    their own, except where the form says where they go on."""
    try:
        return publish_or_show(desk, shop, form)
    except FlowProblems as found:
        text = migrate_map(form)
        return _room(desk, shop, status=_UNPROCESSABLE, problems=found.problems, migrate=text)


@router.post("/roll-back")
def roll_back_flows(desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        roll_back(session, merchant_id=desk.merchant_id, by=desk.name, now=desk.now)
    return go("/flows", done="rolled_back")


@router.get("/compare")
def compare_flows(
    desk: AtDesk, shop: Shop, new: Annotated[str, Query()], old: Annotated[str, Query()] = ""
) -> Response:
    """A unified diff; without an old version everything is new."""
    with looking(shop.database, desk.merchant_id) as session:
        after = drafting.find_version(session, merchant_id=desk.merchant_id, sha=new)
        before = (
            drafting.find_version(session, merchant_id=desk.merchant_id, sha=old).sources
            if old
            else {}
        )
        lines = drafting.differences(before, after.sources)
        versions = drafting.versions(session, merchant_id=desk.merchant_id)
    return page("compare.html", desk, lines=lines, old=old, new=new, versions=versions)


@router.get("/test")
def try_flows(desk: AtDesk, shop: Shop, sha: Annotated[str, Query()] = "") -> Response:
    return _test_page(desk, shop, sha or head(_versions(desk, shop)), desk.locale, [])


@router.post("/test")
def say_in_trial(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Everything said so far is played again, with one line more; nothing of it stays."""
    locale = Locale.closest(str(form.get("locale", "")), desk.locale)
    return _test_page(desk, shop, str(form.get("sha", "")), locale, _said(form))


def _room(
    desk: Desk,
    shop: OpenShop,
    *,
    status: int = _OK,
    problems: Sequence[Problem] = (),
    migrate: str = "",
) -> Response:
    merchant_id = desk.merchant_id
    with looking(shop.database, merchant_id) as session:
        moves = history(session, merchant_id=merchant_id)
        shas = {sha for move in moves for sha in (move.from_sha, move.to_sha) if sha}
        return page(
            "flows.html",
            desk,
            status=status,
            versions=drafting.versions(session, merchant_id=merchant_id),
            moves=moves,
            stored=sound_versions(session, merchant_id=merchant_id, shas=shas),
            before=before_live(session, merchant_id=merchant_id),
            despite=overrides(session, merchant_id=merchant_id),
            problems=problems,
            migrate=migrate,
        )


def _said(form: FormData) -> list[str]:
    if form.get("again"):
        return []
    lines = [line for line in form.getlist("line") if isinstance(line, str)]
    pressed, text = form.get("press"), form.get("text")
    added = pressed or text
    lines += [added.strip()] if isinstance(added, str) and added.strip() else []
    return [line[:_LONGEST_LINE] for line in lines][:LONGEST]


def _test_page(desk: Desk, shop: OpenShop, sha: str, locale: Locale, lines: list[str]) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        drafting.find_version(session, merchant_id=desk.merchant_id, sha=sha)
    wanted = Rehearsal(desk.merchant_id, sha, desk.name, locale, lines, desk.now)
    rehearsed = rehearse(shop.database, shop.house, wanted)
    return page(
        "trial.html",
        desk,
        rehearsed=rehearsed,
        lines=lines,
        sha=sha,
        spoken=locale,
        full=len(lines) >= LONGEST,
    )


def _versions(desk: Desk, shop: OpenShop) -> drafting.Versions:
    with looking(shop.database, desk.merchant_id) as session:
        return drafting.versions(session, merchant_id=desk.merchant_id)


def _add(desk: Desk, sheet: Sheet, name: str) -> Response:
    try:
        return _editor(desk, sheet.opened(file_name(name)))
    except Invalid:
        return _editor(desk, sheet, status=_UNPROCESSABLE, wrong="error_file_name")


def _checked(desk: Desk, sheet: Sheet, problems: list[Problem]) -> Response:
    broken = any(not problem.warning for problem in problems)
    status = _UNPROCESSABLE if broken else _OK
    return _editor(desk, sheet, status=status, problems=problems, checked=True)


def _save(desk: Desk, shop: OpenShop, sheet: Sheet, stands: str) -> Response:
    """Only a set without mistakes becomes a draft, and only over the one the work began on."""
    if sheet.base != stands:
        moved = Sheet(stands, sheet.stored, sheet.current, sheet.changed)
        return _editor(desk, moved, status=_CONFLICT, wrong="error_draft_moved")
    called = called_in(shop.database, shop.house, desk.merchant_id)
    found = drafting.checked(sheet.sources, called=called)
    if not isinstance(found, FlowSet):
        return _checked(desk, sheet, found)
    with changing(shop.database, desk.merchant_id) as session:
        drafting.keep(
            session,
            merchant_id=desk.merchant_id,
            sources=sheet.sources,
            flow_set=found,
            author=desk.name,
            now=desk.now,
        )
    return go("/flows", done="draft_saved")


def _editor(
    desk: Desk,
    sheet: Sheet,
    *,
    status: int = _OK,
    problems: list[Problem] | None = None,
    checked: bool = False,
    wrong: str = "",
) -> Response:
    return page(
        "flow_editor.html",
        desk,
        status=status,
        sheet=sheet,
        problems=problems or [],
        checked=checked,
        wrong=wrong,
    )
