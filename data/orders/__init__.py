"""Basket ▸ order ▸ delivery: what was bought, by whom, and how far it has come."""

from data.orders.models import BasketLine, Order, OrderKind, OrderLine, OrderState

__all__ = ["BasketLine", "Order", "OrderKind", "OrderLine", "OrderState"]
