"""The corner shop on SQLite (`corner`), and on both databases (`each_corner`)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.versions.corner import Corner, file_url, open_corner
from tests.postgresql import Server


@pytest.fixture
def corner(_empty_shop: Path, tmp_path: Path) -> Iterator[Corner]:
    shutil.copyfile(_empty_shop, tmp_path / "corner.db")
    with open_corner(file_url(tmp_path)) as corner:
        yield corner


@pytest.fixture
def postgresql_corner(postgresql: Server) -> Iterator[Corner]:
    url = postgresql.lend()
    with open_corner(url) as corner:
        yield corner
    postgresql.take_back(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def each_corner(request: pytest.FixtureRequest) -> Corner:
    name = "corner" if request.param == "sqlite" else "postgresql_corner"
    found: Corner = request.getfixturevalue(name)
    return found
