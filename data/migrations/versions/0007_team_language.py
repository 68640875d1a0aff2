"""A team's card keeps the language it was opened in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    locale = sa.Column("locale", sa.String(length=8), server_default="zh-Hans", nullable=False)
    op.add_column("teams", locale)
    teams = sa.table("teams", sa.column("locale"), sa.column("leader_id"))
    people = sa.table("people", sa.column("id"), sa.column("locale"))
    theirs = sa.select(people.c.locale).where(people.c.id == teams.c.leader_id).scalar_subquery()
    op.execute(sa.update(teams).values(locale=theirs))


def downgrade() -> None:
    op.drop_column("teams", "locale")
