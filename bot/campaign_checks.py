"""A file of campaigns beside the flows: checked with them, and the campaigns that flows name."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.campaign_files import LIST, CampaignProblem, keys_in, read_campaigns
from bot.shop_files import files_that_begin, problems_in
from dialogs.format import Problem, Source, read

_SLOT = "campaign"
_Path = tuple[str | int, ...]


def campaigns_among(sources: Mapping[str, str]) -> dict[str, str]:
    return files_that_begin(LIST, sources)


def problems_of(files: Mapping[str, str]) -> list[Problem]:
    return problems_in(files, read_campaigns)


def unknown_campaigns(flows: Mapping[str, str], files: Mapping[str, str]) -> Iterator[Problem]:
    """Warnings: a flow fills the slot with what no file beside it names. Without such a file the
    shop alone knows its campaigns, and nothing is said."""
    keys = {key for name, text in files.items() for key in keys_in(read(name, text))}
    if not files:
        return
    for name, text in flows.items():
        source = read(name, text)
        for path in _filled(source.data, ()):
            key = source.value(path)
            if isinstance(key, str) and key not in keys:
                yield _unknown(source, path, key, keys)


def _unknown(source: Source, path: _Path, key: str, keys: Collection[str]) -> Problem:
    values = {"name": key, "known": ", ".join(sorted(keys))}
    return CampaignProblem("unknown_campaign", source.at(path), values, warning=True)


def _filled(data: Any, path: _Path) -> Iterator[_Path]:
    """Where a step's `set_slots` fills the slot."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "set_slots" and isinstance(value, list):
                for index, slots in enumerate(value):
                    if isinstance(slots, dict) and _SLOT in slots:
                        yield (*path, key, index, _SLOT)
            else:
                yield from _filled(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _filled(value, (*path, index))
