"""/api/v1/flows: validate, keep as draft, publish, roll back, and the history of it all."""

from collections.abc import Set
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, field_validator

from bot.action_servers import called_in
from bot.api import drafting
from bot.api.access import Client, Known
from bot.flow_checks import check_flows
from bot.story_lines import failed_stories
from bot.trials import StoriesRed, Terms, publish_tried, try_version
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.flows import FlowMove, MoveKind, history, roll_back, sound_versions
from data.flows.trial_models import FlowTrial
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from dialogs.format import FlowProblems, FlowSet, Problem, Source, schema

router = APIRouter(prefix="/flows", tags=["flows"])
_SHA = "^[0-9a-f]{64}$"


class Sources(BaseModel):
    """File name to YAML text. `locale` is the language of the problems' words."""

    sources: dict[str, str] = Field(max_length=200)
    locale: Locale = Locale.EN

    @field_validator("sources")
    @classmethod
    def _are_named(cls, sources: dict[str, str]) -> dict[str, str]:
        if not all(map(drafting.is_file_name, sources)):
            raise ValueError("file")
        return sources


class ProblemOut(BaseModel):
    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str
    warning: bool

    @classmethod
    def of(cls, problem: Problem, locale: Locale) -> "ProblemOut":
        return cls(
            file=problem.at.file,
            line=problem.at.line,
            column=problem.at.column,
            code=problem.code,
            message=problem.message(locale),
            hint=problem.hint(locale),
            warning=problem.warning,
        )


class Checked(BaseModel):
    """`ok` although there may be warnings."""

    ok: bool
    problems: list[ProblemOut]


class Sha(BaseModel):
    sha: str = Field(pattern=_SHA)


class Difference(BaseModel):
    """A unified diff over all files that differ."""

    from_sha: str
    to_sha: str
    lines: list[str]


class Wanted(Sha):
    """`locale` is the language in which failures are told."""

    locale: Locale = Locale.EN


class Publishing(Wanted):
    """`migrate`: old version to flow to old step to new step; running conversations that stand
    there go on in the new version. `despite`: why, though its stories fail."""

    migrate: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict, max_length=50)
    despite: str | None = Field(default=None, min_length=1, max_length=500)


class StoryOut(BaseModel):
    story: str
    failure: str


class StoriesOut(BaseModel):
    """Nothing passed and nothing failed: there are no stories."""

    passed: int
    failed: list[StoryOut]

    @classmethod
    def of(cls, trial: FlowTrial | None, locale: Locale) -> "StoriesOut":
        lines = failed_stories(trial, locale) if trial else []
        failed = [StoryOut(story=story, failure=failure) for story, failure in lines]
        return cls(passed=trial.passed if trial else 0, failed=failed)


_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"model": StoriesOut},
    422: {"model": Checked},
}


class VersionsOut(BaseModel):
    live: str | None
    draft: str | None
    sources: dict[str, str]


class VersionOut(BaseModel):
    sha: str
    author: str
    created_at: datetime
    sources: dict[str, str]


class MoveOut(BaseModel):
    """`stored`: the version moved to can be published again."""

    from_sha: str | None
    to_sha: str
    kind: MoveKind
    by: str
    at: datetime
    stored: bool

    @classmethod
    def of(cls, move: FlowMove, sound: Set[str]) -> "MoveOut":
        return cls(
            from_sha=move.from_sha,
            to_sha=move.to_sha,
            kind=MoveKind(move.kind),
            by=move.by,
            at=move.at,
            stored=move.to_sha in sound,
        )


@router.get("")
def get_flows(client: Known, shop: Shop) -> VersionsOut:
    """Which version is live, which is the draft, and the files to go on from."""
    with looking(shop.database, client.merchant_id) as session:
        found = drafting.versions(session, merchant_id=client.merchant_id)
        return VersionsOut(live=found.live, draft=found.draft, sources=dict(found.sources))


@router.get("/history")
def get_history(client: Known, shop: Shop) -> list[MoveOut]:
    """Moves of the live pointer, the newest first."""
    with looking(shop.database, client.merchant_id) as session:
        moves = history(session, merchant_id=client.merchant_id)
        shas = {move.to_sha for move in moves}
        sound = sound_versions(session, merchant_id=client.merchant_id, shas=shas)
        return [MoveOut.of(move, sound) for move in moves]


@router.get("/compare")
def compare_flows(
    client: Known,
    shop: Shop,
    from_sha: Annotated[str, Query(alias="from", pattern=_SHA)],
    to_sha: Annotated[str, Query(alias="to", pattern=_SHA)],
) -> Difference:
    """What changed from one version to another."""
    with looking(shop.database, client.merchant_id) as session:
        old, new = (
            drafting.find_version(session, merchant_id=client.merchant_id, sha=sha).sources
            for sha in (from_sha, to_sha)
        )
    return Difference(from_sha=from_sha, to_sha=to_sha, lines=drafting.differences(old, new))


@router.get("/schema")
def get_schema(_client: Known) -> dict[str, Any]:
    """The JSON Schema (2020-12) of flow files: what an editor completes and checks them with."""
    return dict(schema())


@router.get("/versions/{sha}")
def get_version(sha: str, client: Known, shop: Shop) -> VersionOut:
    with looking(shop.database, client.merchant_id) as session:
        version = drafting.find_version(session, merchant_id=client.merchant_id, sha=sha)
        return VersionOut(
            sha=version.sha,
            author=version.author,
            created_at=version.created_at,
            sources=version.sources,
        )


@router.post("/validate")
def validate(body: Sources, client: Known, shop: Shop) -> Checked:
    """Every mistake and every warning with its place."""
    called = called_in(shop.database, shop.house, client.merchant_id)
    return _checked(check_flows(body.sources, called=called), body.locale)


@router.post("/draft", response_model=Sha, responses={422: {"model": Checked}})
def save_draft(body: Sources, client: Known, shop: Shop) -> Sha | JSONResponse:
    """Keep a set as the draft. One with mistakes is refused, with all of them."""
    called = called_in(shop.database, shop.house, client.merchant_id)
    found = drafting.checked(body.sources, called=called)
    if not isinstance(found, FlowSet):
        return _refused(found, body.locale)
    with changing(shop.database, client.merchant_id) as session:
        drafting.keep(
            session,
            merchant_id=client.merchant_id,
            sources=body.sources,
            flow_set=found,
            author=client.name,
            now=client.now,
        )
    return Sha(sha=found.sha)


@router.post("/stories")
def try_stories(body: Wanted, client: Known, shop: Shop) -> StoriesOut:
    """Act the stories kept among a version's files, as publishing does; nothing of it stays."""
    return StoriesOut.of(_tried(body, client, shop), body.locale)


@router.post("/publish", response_model=Sha, responses=_REFUSED)
def publish_flows(body: Publishing, client: Known, shop: Shop) -> Sha | JSONResponse:
    """Make a kept version live: new flows begin on it, running ones end on their own, except where
    `migrate` says where they go on.

    Its own stories are acted first; while one fails it is not published, unless `despite` gives
    the reason, which is written down."""
    _tried(body, client, shop)
    terms = Terms(body.despite, Source("migrate", body.migrate) if body.migrate else None)
    try:
        with changing(shop.database, client.merchant_id) as session:
            publish_tried(
                session,
                merchant_id=client.merchant_id,
                sha=body.sha,
                by=client.name,
                now=client.now,
                terms=terms,
            )
    except StoriesRed as red:
        shown = StoriesOut.of(red.trial, body.locale).model_dump()
        return JSONResponse({"error": red.code, "detail": red.detail, **shown}, red.status)
    except FlowProblems as found:
        return _refused(found.problems, body.locale)
    return Sha(sha=body.sha)


def _tried(body: Wanted, client: Client, shop: OpenShop) -> FlowTrial | None:
    return try_version(
        shop.database, merchant_id=client.merchant_id, sha=body.sha, by=client.name, now=client.now
    )


@router.post("/roll-back")
def roll_back_flows(client: Known, shop: Shop) -> Sha:
    """Make live again what was live before."""
    with changing(shop.database, client.merchant_id) as session:
        sha = roll_back(session, merchant_id=client.merchant_id, by=client.name, now=client.now)
    return Sha(sha=sha)


def _refused(problems: list[Problem], locale: Locale) -> JSONResponse:
    refused = {"error": Invalid.code, **_checked(problems, locale).model_dump()}
    return JSONResponse(refused, status_code=Invalid.status)


def _checked(problems: list[Problem], locale: Locale) -> Checked:
    return Checked(
        ok=all(problem.warning for problem in problems),
        problems=[ProblemOut.of(problem, locale) for problem in problems],
    )
