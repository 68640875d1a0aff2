"""The net under every query of the web: one option, and it holds as SQLAlchemy's own do (T11)."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased, with_loader_criteria

from bot.web.scope import Only, changing, looking
from data.catalogue import Product
from data.kernel.database import Base
from data.orders import Order, OrderLine
from data.people import Person
from tests.bot.conftest import Street

_ALSO = aliased(Order)
_LINES = select(func.count(OrderLine.id)).where(OrderLine.order_id == Order.id)
STATEMENTS: dict[str, Any] = {
    "rows": select(Order),
    "one column": select(Order.state),
    "a count": select(func.count()).select_from(Order),
    "a join": select(Order, Person).join(Person, Person.id == Order.person_id),
    "an outer join": select(Order).outerjoin(Person, Person.id == Order.person_id),
    "the same twice": select(_ALSO).join(Order, Order.id == _ALSO.id),
    "in a list": select(Order).where(Order.person_id.in_(select(Person.id))),
    "a column that counts": select(Order.id, _LINES.scalar_subquery()),
    "where there is one": select(Order).where(_LINES.exists()),
    "one after the other": select(Order.id).union_all(select(Person.id)),
    "an update": update(Order).values(state="paid"),
    "a delete": delete(Order).where(Order.person_id.in_(select(Person.id))),
}


def _owned() -> list[Any]:
    """What the net has to hold, found without asking it."""
    mapped = [mapper.class_ for mapper in Base.registry.mappers]
    return [each for each in mapped if "merchant_id" in each.__table__.c]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["lite", "post"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_it_says_what_an_option_for_each_class_says(statement: Any, dialect: Any) -> None:
    each = [
        with_loader_criteria(owned, owned.merchant_id == "mer_a")
        for owned in _owned()
        if not owned.__table__.c.merchant_id.nullable
    ]
    plain = {"dialect": dialect, "compile_kwargs": {"literal_binds": True}}
    said = str(statement.options(Only("mer_a")).compile(**plain))
    assert said == str(statement.options(*each).compile(**plain))
    assert "merchant_id = 'mer_a'" in said


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_statements_of_two_shops_are_written_once_and_apart_from_one_of_none(
    statement: Any,
) -> None:
    ours, theirs = (statement.options(Only(shop))._generate_cache_key() for shop in "ab")
    assert ours == theirs
    assert ours != statement._generate_cache_key()
    assert [bound.value for bound in ours.bindparams if bound.key == "only_merchant"] == ["a"]


def test_a_statement_that_was_written_for_one_shop_gives_the_other_its_own(street: Street) -> None:
    for _ in range(2):
        for names in (street.ours, street.theirs):
            with looking(street.tuanzi.database, names.merchant) as session:
                assert list(session.scalars(select(Product.id))) == [names.product]
                assert list(session.scalars(select(Order.id))) == [names.order]


def test_a_change_that_forgets_whose_rows_it_means_meets_ones_own_only(street: Street) -> None:
    database = street.tuanzi.database
    for names in (street.ours, street.theirs):
        with changing(database, names.merchant) as session:
            session.execute(update(Product).values(brand=names.merchant))
    with database.reading() as session:
        brands = dict(session.execute(select(Product.merchant_id, Product.brand)).all())
    assert brands == {names.merchant: names.merchant for names in (street.ours, street.theirs)}
