"""The whole schema: importing this module knows every table of every noun."""

import importlib
import pkgutil

import data
from data.kernel.database import Base, Database
from data.migrations import stamp

for _module in pkgutil.walk_packages(data.__path__, "data."):
    if _module.name.endswith((".models", "_models", ".address_book")):
        importlib.import_module(_module.name)
importlib.import_module("data.catalogue")


def create_schema(database: Database) -> None:
    """Every table at once, for a new database of the demo or a test; elsewhere: migrations."""
    Base.metadata.create_all(database.engine)
    stamp(database)
