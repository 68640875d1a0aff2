"""The providers that a shop can connect."""

from collections.abc import Mapping

from integrations.payments.kinds import Kind

KINDS: Mapping[str, Kind] = {}
