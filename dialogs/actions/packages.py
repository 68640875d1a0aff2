"""Actions that merchants brought along: a Python package each, run in this process, between turns.

Only the names on the operator's list can be called, and only by the merchant they are listed for.
They are trusted code: a time-out is no sandbox.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dialogs.actions.contract import Transport


@dataclass(frozen=True, slots=True)
class ActionPackage:
    """`module`: where the classes stand, with everything below it; `names`: which may be run."""

    merchant_id: str
    module: str
    names: frozenset[str]


class BadPackage(Exception):
    """A package that cannot be imported, lacks an action that it is listed for, or names one that
    is there already."""


class Packages:
    """Who brought what, and how it is called. `taken`: names of actions that are ours."""

    def __init__(
        self, packages: Iterable[ActionPackage] = (), *, taken: Collection[str] = ()
    ) -> None:
        self._taken = frozenset(taken)
        self._names: dict[str, frozenset[str]] = {}
        self._transports: dict[tuple[str, str], Transport] = {}
        for package in packages:
            self._open(package)

    def names(self, merchant_id: str) -> frozenset[str]:
        """What this merchant's flows may call."""
        return self._names.get(merchant_id, frozenset())

    def transport(self, merchant_id: str, name: str) -> Transport | None:
        """How to call one; None: it is not theirs, or nobody's."""
        return self._transports.get((merchant_id, name))

    def close(self) -> None:
        for transport in {id(each): each for each in self._transports.values()}.values():
            transport.close()

    def _open(self, package: ActionPackage) -> None:
        """rasa-sdk brings a web server along, 14 MB: only where somebody brought something."""
        from dialogs.actions.executor import InProcess  # noqa: PLC0415

        known = self.names(package.merchant_id)
        if package.names & (known | self._taken):
            raise BadPackage(package.module)
        transport = InProcess(package)
        self._names[package.merchant_id] = known | package.names
        self._transports |= dict.fromkeys(
            ((package.merchant_id, name) for name in package.names), transport
        )
