"""/api/v1/actions: which actions of their own a shop's flows may call, and where they run."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from bot.action_servers import MOST_NAMES, Looked, NewServer, connect, look_at
from bot.api.access import Known
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.actions import ActionServer, disconnect_server, server_of
from integrations.egress import Egress

router = APIRouter(prefix="/actions", tags=["actions"])


class ServerIn(BaseModel):
    """`url` is the webhook of a rasa-sdk action server; `names` what flows may call there."""

    url: str = Field(max_length=500)
    names: list[str] = Field(min_length=1, max_length=MOST_NAMES)


class ServerOut(BaseModel):
    """`trouble`: what its last calls met that no later try will mend."""

    url: str
    names: list[str]
    connected_at: datetime
    trouble: str
    trouble_at: datetime | None

    @classmethod
    def of(cls, server: ActionServer) -> "ServerOut":
        return cls(
            url=server.url,
            names=server.names,
            connected_at=server.connected_at,
            trouble=server.trouble,
            trouble_at=server.trouble_at,
        )


class ActionsOut(BaseModel):
    """`here`: brought along as a package; `server`: on the shop's own server."""

    here: list[str]
    server: ServerOut | None


class Secret(BaseModel):
    """What signs the calls from now on; it is told once."""

    secret: str


class LookedOut(BaseModel):
    ok: bool
    problem: str
    missing: list[str]

    @classmethod
    def of(cls, looked: Looked) -> "LookedOut":
        return cls(ok=looked.ok, problem=looked.problem, missing=list(looked.missing))


@router.get("")
def get_actions(client: Known, shop: Shop) -> ActionsOut:
    with looking(shop.database, client.merchant_id) as session:
        server = server_of(session, merchant_id=client.merchant_id)
        here = sorted(shop.house.packages.names(client.merchant_id))
        return ActionsOut(here=here, server=ServerOut.of(server) if server else None)


@router.put("/server")
def put_server(body: ServerIn, client: Known, shop: Shop) -> Secret:
    """Connect a server, or the same one anew: with each time a new secret."""
    with changing(shop.database, client.merchant_id) as session:
        secret = connect(
            session,
            merchant_id=client.merchant_id,
            new=NewServer(body.url, body.names),
            egress=Egress(shop.settings.egress_allowed),
            by=client.name,
            now=client.now,
        )
    return Secret(secret=secret)


@router.delete("/server", status_code=204)
def delete_server(client: Known, shop: Shop) -> Response:
    """From now on nothing is called there."""
    with changing(shop.database, client.merchant_id) as session:
        disconnect_server(session, merchant_id=client.merchant_id, by=client.name, now=client.now)
    return Response(status_code=204)


@router.post("/server/check")
async def check_server(client: Known, shop: Shop) -> LookedOut:
    """Whether it answers, and has what flows may call."""
    egress = Egress(shop.settings.egress_allowed)
    return LookedOut.of(await look_at(shop.database, egress, merchant_id=client.merchant_id))
