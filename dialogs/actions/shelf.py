"""Every action that flows may run: the allow-list."""

from dialogs.actions import (
    after_sale,
    budgets,
    buying,
    calling_off,
    choosing,
    consenting,
    day_changes,
    gift_days,
    gifting,
    group_buying,
    kept_days,
    model_consenting,
    product_answers,
    remembering,
    seat_checkout,
    shipping,
    shopping,
    team_seats,
)
from dialogs.actions.base import registry

ACTIONS = registry(
    *gifting.ACTIONS,
    *budgets.ACTIONS,
    *buying.ACTIONS,
    *shipping.ACTIONS,
    *group_buying.ACTIONS,
    *team_seats.ACTIONS,
    *seat_checkout.ACTIONS,
    *remembering.ACTIONS,
    *day_changes.ACTIONS,
    *kept_days.ACTIONS,
    *gift_days.ACTIONS,
    *consenting.ACTIONS,
    *model_consenting.ACTIONS,
    *after_sale.ACTIONS,
    *calling_off.ACTIONS,
    *shopping.ACTIONS,
    *product_answers.ACTIONS,
    *choosing.ACTIONS,
)
