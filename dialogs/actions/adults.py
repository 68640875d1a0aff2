"""Who has told us that they are a child is sold nothing, and nothing is kept of them (T54)."""

from data.kernel.errors import NotForMinors
from data.people import Person


def only_adults(person: Person) -> None:
    """Before anything is sold or saved."""
    if person.minor_since is not None:
        raise NotForMinors(person.id)
