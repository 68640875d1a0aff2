"""Every action that flows may run: the allow-list."""

from dialogs.actions import buying, gifting, group_buying, seat_checkout
from dialogs.actions.base import registry

ACTIONS = registry(*gifting.ACTIONS, *buying.ACTIONS, *group_buying.ACTIONS, *seat_checkout.ACTIONS)
