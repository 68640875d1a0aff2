"""Whatever leads to a person is shown, erased, or kept with a reason: no new table is forgotten."""

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, String, Table

from data.personal import places
from data.personal.places import PLACES, Fate, tables_of_people


def test_every_table_with_a_person_has_its_fate() -> None:
    assert {table.name for table in tables_of_people()} == set(PLACES)


def test_what_stays_says_why() -> None:
    stays = {name: place for name, place in PLACES.items() if place.fate is not Fate.DELETED}
    assert [name for name, place in stays.items() if not place.why] == []


def test_control_a_table_that_hangs_on_a_person_by_two_steps_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata = MetaData()
    for name, parent in (
        ("people", None),
        ("gifts", "people"),
        ("wishes", "gifts"),
        ("news", None),
    ):
        keys = [Column("of", ForeignKey(f"{parent}.id"))] if parent else []
        Table(name, metadata, Column("id", String, primary_key=True), *keys)
    monkeypatch.setattr(places.Base, "metadata", metadata)
    assert [table.name for table in tables_of_people()] == ["people", "gifts", "wishes"]
