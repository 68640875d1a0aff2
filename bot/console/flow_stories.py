"""The stories kept among a version's files: what they say of it, and publishing in spite of it."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.drafting import find_version
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import go, page
from bot.play.finding import is_story, stories_among
from bot.story_lines import failed_stories
from bot.trials import StoriesRed, Terms, publish_tried, trial_of, try_version, was_cut_short
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from dialogs.format import read

router = APIRouter(prefix="/flows/stories")
_LONGEST_REASON = 500


@router.get("")
def show_stories(desk: AtDesk, shop: Shop, sha: Annotated[str, Query()] = "") -> Response:
    return _shown(desk, shop, sha)


@router.post("")
def try_stories(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Act them now, as publishing would; nothing of it stays but what came out."""
    sha = str(form.get("sha", ""))
    try_version(shop.database, merchant_id=desk.merchant_id, sha=sha, by=desk.name, now=desk.now)
    return go(f"/flows/stories?sha={sha}")


def migrate_map(form: FormData) -> str:
    return str(form.get("migrate", "")).replace("\r\n", "\n")


def publish_or_show(desk: Desk, shop: OpenShop, form: FormData) -> Response:
    """A version whose stories fail comes back with them, and with room for a reason."""
    sha = str(form.get("sha", ""))
    reason = str(form.get("reason", "")).strip()[:_LONGEST_REASON]
    text = migrate_map(form)
    terms = Terms(reason or None, read("migrate.yml", text) if text.strip() else None)
    by = {"merchant_id": desk.merchant_id, "sha": sha, "by": desk.name}
    try_version(shop.database, **by, now=desk.now)
    try:
        with changing(shop.database, desk.merchant_id) as session:
            publish_tried(session, **by, now=desk.now, terms=terms)
    except StoriesRed as red:
        wrong = "error_stories_red"
        return _shown(desk, shop, sha, status=red.status, wrong=wrong, migrate=text)
    return go("/flows", done="published")


def _shown(desk: Desk, shop: OpenShop, sha: str, *, status: int = 200, **told: str) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        version = find_version(session, merchant_id=desk.merchant_id, sha=sha)
        files = [name for name, text in version.sources.items() if is_story(text)]
        trial = trial_of(session, version) if stories_among(version.sources) else None
        failed = failed_stories(trial, desk.locale) if trial else []
        again = trial is not None and was_cut_short(trial)
    return page(
        "stories.html",
        desk,
        status=status,
        sha=sha,
        files=sorted(files),
        trial=trial,
        failed=failed,
        again=again,
        **{"wrong": "", "migrate": "", **told},
    )
