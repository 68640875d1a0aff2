"""Fixtures every test may use: `database` (SQLite on disk) and `each_database` (PostgreSQL too)."""

import importlib
import pkgutil
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import data
from data.kernel.database import Base, Database
from tests.builders import SESSION_INFO
from tests.postgresql import postgresql, postgresql_database

__all__ = ["postgresql", "postgresql_database"]

# Examples touch real databases on a machine that may be busy: none is judged by the clock.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# The schema is whole only when every noun's tables are known.
for _module in pkgutil.walk_packages(data.__path__, "data."):
    if _module.name.endswith(".models"):
        importlib.import_module(_module.name)
importlib.import_module("data.catalogue")


@pytest.fixture(scope="session")
def _empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema, made once; a test's own database is a copy of this file."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    database.close()
    return path


@pytest.fixture
def database(_empty_shop: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite file."""
    path = tmp_path / "shop.db"
    shutil.copyfile(_empty_shop, path)
    database = Database(f"sqlite:///{path}", pool_size=25, info=SESSION_INFO)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def each_database(request: pytest.FixtureRequest) -> Database:
    """The same test on SQLite and on PostgreSQL."""
    name = "database" if request.param == "sqlite" else "postgresql_database"
    found: Database = request.getfixturevalue(name)
    return found
