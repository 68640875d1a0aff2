"""Every change of what a shelf shows gives the merchant's catalogue another revision, by triggers.

The token is random: a number taken back by a rollback would come again and mean something else.
What a sale changes, `on_hand` and `held`, is no part of it, so selling waits for nobody here. The
triggers come with the tables; a migration runs `revision_ddl` too.
"""

from sqlalchemy import DDL, String, Table, bindparam, event, select, text
from sqlalchemy.orm import Session

from data.catalogue.models import CatalogueRevision, Product, ProductTag, Variant
from data.kernel.database import table_of

# The columns that a shelf holds (shelf_reading.py), by table. None moves to another merchant.
WATCHED = {
    "products": ("external_id", "title", "brand", "category", "image", "state"),
    "product_tags": ("product_id", "kind", "value"),
    "variants": (
        "product_id", "attributes", "attribute_texts", "price_minor", "sale_price_minor",
        "currency", "position", "state",
    ),
}  # fmt: skip
_SQLITE = """CREATE TRIGGER {table}_revised_{verb} AFTER {event} ON {table} BEGIN
INSERT INTO catalogue_revisions (merchant_id, revision)
VALUES ({row}.merchant_id, lower(hex(randomblob(16))))
ON CONFLICT (merchant_id) DO UPDATE SET revision = excluded.revision; END"""
# PostgreSQL keeps every version of a row until the transaction ends: renewing 10,000 times took
# 8 s (measured). So it renews once, notes that for this transaction, and REVISION gives such a
# transaction none: it reads for itself. A savepoint that is rolled back takes the note with it.
_NOTE = "current_setting('tuanzi.revised', true)"
_FUNCTION = f"""CREATE OR REPLACE FUNCTION renew_catalogue_revision() RETURNS trigger AS $$
DECLARE
    shop text := CASE TG_OP WHEN 'DELETE' THEN OLD.merchant_id ELSE NEW.merchant_id END;
    renewed text := coalesce({_NOTE}, '');
BEGIN
    IF strpos(renewed, ' ' || shop || ' ') = 0 THEN
        INSERT INTO catalogue_revisions (merchant_id, revision)
        VALUES (shop, replace(gen_random_uuid()::text, '-', ''))
        ON CONFLICT (merchant_id) DO UPDATE SET revision = excluded.revision;
        PERFORM set_config('tuanzi.revised', renewed || ' ' || shop || ' ', true);
    END IF;
    RETURN NULL;
END $$ LANGUAGE plpgsql"""  # noqa: S608  # our own names
_POSTGRESQL = """CREATE TRIGGER {table}_revised AFTER INSERT OR DELETE OR UPDATE OF {columns}
ON {table} FOR EACH ROW EXECUTE FUNCTION renew_catalogue_revision()"""
_ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

_TABLE = table_of(CatalogueRevision)
_MINE = select(_TABLE.c.revision).where(
    _TABLE.c.merchant_id == bindparam("merchant_id", type_=String)
)
_UNNOTED = f"strpos(coalesce({_NOTE}, ''), ' ' || merchant_id || ' ') = 0"
REVISION = {
    "sqlite": _MINE,
    "postgresql": _MINE.where(text(_UNNOTED)),
}


def revision_ddl(table: str, dialect: str) -> list[str]:
    """The statements that watch one table, to be run after it is created."""
    columns = ", ".join(WATCHED[table])
    if dialect == "postgresql":
        return [_FUNCTION, _POSTGRESQL.format(table=table, columns=columns)]
    events = {verb: verb.upper() for verb in _ROWS} | {"update": f"UPDATE OF {columns}"}
    return [
        _SQLITE.format(table=table, verb=verb, event=events[verb], row=row)
        for verb, row in _ROWS.items()
    ]


def forget_revision_ddl(dialect: str) -> list[str]:
    """The statements that stop watching all tables."""
    if dialect == "postgresql":
        triggers = [f"DROP TRIGGER {table}_revised ON {table}" for table in WATCHED]
        return [*triggers, "DROP FUNCTION renew_catalogue_revision()"]
    return [f"DROP TRIGGER {table}_revised_{verb}" for table in WATCHED for verb in _ROWS]


def reserve_revision(session: Session, merchant_id: str) -> None:
    """Whoever is going to change much of a catalogue comes before or after the others who do: two
    who got to this row only by their triggers could hold each other's products."""
    session.execute(_MINE.with_for_update(), {"merchant_id": merchant_id})


def _watch(table: Table) -> None:
    for dialect in ("sqlite", "postgresql"):
        for statement in revision_ddl(table.name, dialect):
            ddl = DDL(statement)  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


for _mapped in (Product, ProductTag, Variant):
    _watch(table_of(_mapped))
