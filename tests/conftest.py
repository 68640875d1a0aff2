"""Fixtures every test may use: `database` (SQLite on disk) and `each_database` (PostgreSQL too)."""

import gc
import shutil
from collections.abc import Generator, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer

from data.kernel.database import Database
from tests import compiled, proved
from tests.builders import SESSION_INFO
from tests.crash.nursery import nursery
from tests.empty import an_empty_shop
from tests.postgresql import postgresql, postgresql_database
from tests.together import Together

__all__ = ["nursery", "postgresql", "postgresql_database"]
# Installed, the plugin for stories comes by its entry point; an older environment has none.
if "tuanzi" not in entry_points(group="pytest11").names:
    pytest_plugins = ["bot.play.pytest_plugin"]

# Examples touch real databases on a machine that may be busy: none is judged by the clock.
# Where a test says no number of its own; `./dev test --all` takes the thorough one.
settings.register_profile("house", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=300)
settings.load_profile("house")
compiled.share()
proved.share()


@pytest.fixture(scope="session")
def _empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema, made once; a test's own database is a copy of this file."""
    return an_empty_shop(tmp_path_factory.mktemp("schema") / "empty.db")


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays to the end: the collector of garbage need not walk it each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
