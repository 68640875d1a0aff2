"""/api/v1/flows: validate, keep as draft, publish, roll back, and the history of it all."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from bot.api import drafting
from bot.api.access import Known
from bot.flow_checks import check_flows
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.flows import FlowMove, history, publish, roll_back
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from dialogs.format import FlowSet, Problem, schema

router = APIRouter(prefix="/flows", tags=["flows"])


class Sources(BaseModel):
    """File name to YAML text. `locale` is the language of the problems' words."""

    sources: dict[str, str] = Field(max_length=200)
    locale: Locale = Locale.EN


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
    sha: str = Field(pattern="^[0-9a-f]{64}$")


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
    from_sha: str | None
    to_sha: str
    by: str
    at: datetime

    @classmethod
    def of(cls, move: FlowMove) -> "MoveOut":
        return cls(from_sha=move.from_sha, to_sha=move.to_sha, by=move.by, at=move.at)


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
        return [MoveOut.of(move) for move in history(session, merchant_id=client.merchant_id)]


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
    called = shop.house.packages.names(client.merchant_id)
    return _checked(check_flows(body.sources, called=called), body.locale)


@router.post("/draft", response_model=Sha, responses={422: {"model": Checked}})
def save_draft(body: Sources, client: Known, shop: Shop) -> Sha | JSONResponse:
    """Keep a set as the draft. One with mistakes is refused, with all of them."""
    called = shop.house.packages.names(client.merchant_id)
    found = drafting.checked(body.sources, called=called)
    if not isinstance(found, FlowSet):
        refused = {"error": Invalid.code, **_checked(found, body.locale).model_dump()}
        return JSONResponse(refused, status_code=Invalid.status)
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


@router.post("/publish")
def publish_flows(body: Sha, client: Known, shop: Shop) -> Sha:
    """Make a kept version live: new flows begin on it, running ones end on their own."""
    with changing(shop.database, client.merchant_id) as session:
        publish(
            session,
            merchant_id=client.merchant_id,
            sha=body.sha,
            by=client.name,
            now=client.now,
        )
    return body


@router.post("/roll-back")
def roll_back_flows(client: Known, shop: Shop) -> Sha:
    """Make live again what was live before."""
    with changing(shop.database, client.merchant_id) as session:
        sha = roll_back(session, merchant_id=client.merchant_id, by=client.name, now=client.now)
    return Sha(sha=sha)


def _checked(problems: list[Problem], locale: Locale) -> Checked:
    return Checked(
        ok=all(problem.warning for problem in problems),
        problems=[ProblemOut.of(problem, locale) for problem in problems],
    )
