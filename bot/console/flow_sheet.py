"""The flow editor's form: one file open, other changed ones carried along, nothing saved yet.

The page works without JavaScript, so whatever is not saved travels in the form itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from bot.api.drafting import Versions, is_file_name
from data.kernel.errors import Invalid
from dialogs.format import Problem

CHANGED = "changed:"
OPEN = "open:"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`base` names the version the work began on; `stored` are its files, `changed` the others."""

    base: str
    stored: Mapping[str, str]
    current: str
    changed: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        """What would be saved. A file that was emptied is gone."""
        together = {**self.stored, **self.changed}
        return {name: text for name, text in together.items() if text.strip()}

    @property
    def text(self) -> str:
        return self.changed.get(self.current, self.stored.get(self.current, ""))

    @property
    def names(self) -> list[str]:
        return sorted({*self.stored, *self.changed, self.current})

    @property
    def carried(self) -> dict[str, str]:
        """Changed files that are not the open one."""
        return {name: text for name, text in self.changed.items() if name != self.current}

    def is_changed(self, name: str) -> bool:
        return name in self.changed

    def opened(self, name: str) -> "Sheet":
        return Sheet(self.base, self.stored, file_name(name), self.changed)

    def line(self, problem: Problem) -> str:
        """The line a problem is about, to show it."""
        lines = self.sources.get(problem.at.file, "").splitlines()
        return lines[problem.at.line - 1] if 0 < problem.at.line <= len(lines) else ""


def head(versions: Versions) -> str:
    """What work goes on from: the draft, else what is live."""
    return versions.draft or versions.live or ""


def first_sheet(versions: Versions, wanted: str = "") -> Sheet:
    names = sorted(versions.sources)
    current = wanted if wanted in versions.sources else next(iter(names), "flows/first.yml")
    return Sheet(head(versions), versions.sources, current)


def read_sheet(versions: Versions, form: FormData) -> Sheet:
    """The form as it came back."""
    current = file_name(str(form.get("current", "")))
    given = {
        file_name(name.removeprefix(CHANGED)): _text(value)
        for name, value in form.items()
        if name.startswith(CHANGED)
    }
    given[current] = _text(form.get("text", ""))
    changed = {name: text for name, text in given.items() if text != versions.sources.get(name)}
    return Sheet(str(form.get("base", "")), versions.sources, current, changed)


def file_name(name: str) -> str:
    """A name below the flow set's folder; Invalid for anything that climbs out of it."""
    if not is_file_name(name):
        raise Invalid("file")
    return name


def _text(value: object) -> str:
    """Browsers send CR LF whatever was in the field."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""
