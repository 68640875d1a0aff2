"""Every action that flows may run: the allow-list."""

from dialogs.actions import (
    buying,
    consenting,
    gifting,
    group_buying,
    kept_days,
    remembering,
    seat_checkout,
)
from dialogs.actions.base import registry

ACTIONS = registry(
    *gifting.ACTIONS,
    *buying.ACTIONS,
    *group_buying.ACTIONS,
    *seat_checkout.ACTIONS,
    *remembering.ACTIONS,
    *kept_days.ACTIONS,
    *consenting.ACTIONS,
)
