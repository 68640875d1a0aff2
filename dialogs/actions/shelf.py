"""Every action that flows may run: the allow-list."""

from dialogs.actions import buying, gifting
from dialogs.actions.base import registry

ACTIONS = registry(*gifting.ACTIONS, *buying.ACTIONS)
