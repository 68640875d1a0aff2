"""A shop's database before anything is in it: the schema, made once in this process."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from data.kernel.database import Database
from data.schema import create_schema


def an_empty_shop(file: Path) -> Path:
    """The file is there afterwards; to make the schema anew takes 60 ms, each time."""
    file.write_bytes(_made())
    return file


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        database = Database(f"sqlite:///{file}")
        create_schema(database)
        database.close()
        return file.read_bytes()
