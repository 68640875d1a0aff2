"""Links made for a list: kept while a seat can be had, on SQLite and PostgreSQL alike."""

from datetime import timedelta

from sqlalchemy import select

from data.delivery.models import Job
from data.group_buys import cancel_team, team_of, team_shared_by
from data.group_buys.share_models import TeamShare
from data.group_buys.sharing import COLLECT, collect_unsent, mark_of, note_sent, offer_share
from data.kernel.tokens import fingerprint
from tests.builders import NOW
from tests.data.group_buys.shop import GroupShop


def test_each_team_has_one_round_however_often_it_is_offered(each_shop: GroupShop) -> None:
    shop, team_id = each_shop, each_shop.opens("Lan")
    told = {"merchant_id": shop.merchant_id, "team_id": team_id}
    with shop.database.transaction() as session:
        sent, unsent, _ = (offer_share(session, **told, now=NOW) for _ in range(3))
        note_sent(session, **told, mark=mark_of(sent))
        note_sent(session, **told, mark="")
        job = session.scalars(select(Job).where(Job.kind == COLLECT)).one()
        collect_unsent(session, job, NOW)
        assert len(session.scalars(select(TeamShare)).all()) == 3, "it is open"
        team = team_of(session, merchant_id=shop.merchant_id, team_id=team_id)
        assert job.run_at == team.expires_at + timedelta(days=7)
        cancel_team(session, **told, by="mei@shop", now=NOW)
        collect_unsent(session, job, NOW)
        assert session.scalars(select(TeamShare.token_hash)).all() == [fingerprint(sent)]
        merchant = shop.merchant_id
        assert team_shared_by(session, merchant_id=merchant, token=unsent) is None
