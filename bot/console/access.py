"""Which role may open which room of the console: the one table, asked on every route.

A route is called by its function's name. One that is not in the table opens for nobody.
"""

from collections.abc import Mapping

from data.merchants import StaffRole

_OWNER, _MANAGER = StaffRole.OWNER, StaffRole.MANAGER
_AGENT, _SHIPPING = StaffRole.AGENT, StaffRole.SHIPPING

Roles = frozenset[StaffRole]
EVERYBODY: Roles = frozenset(StaffRole)
LEAD: Roles = frozenset({_OWNER, _MANAGER})
# Agents: chats, and orders without addresses. Never refunds.
TALKING: Roles = frozenset({_OWNER, _MANAGER, _AGENT})
# Shipping: names and addresses of orders that are ready. Never chats, money, export.
PACKING: Roles = frozenset({_OWNER, _SHIPPING})

# Keys of the shop: whoever holds one can speak in its name. And what gives its money away.
OWNING: Roles = frozenset({_OWNER})

# Doors that anybody finds.
OPEN = frozenset({"sign_in_page", "sign_in"})

ACCESS: Mapping[str, Roles] = {
    "sign_out": EVERYBODY,
    "change_language": EVERYBODY,
    "overview": EVERYBODY,
    "list_products": TALKING,
    "show_product": TALKING,
    "import_page": LEAD,
    "check_feed": LEAD,
    "apply_feed": LEAD,
    "list_orders": TALKING,
    "show_order": TALKING,
    "cancel_order": LEAD,
    "renew_payment_link": TALKING,
    "refund_order": LEAD,
    "give_back_order": LEAD,
    "ship_order": LEAD,
    "deliver_order": LEAD,
    "list_returns": TALKING,
    "approve_return": LEAD,
    "refuse_return": LEAD,
    "receive_return": LEAD,
    "set_return_days": LEAD,
    "list_parcels": PACKING,
    "ship_parcel": PACKING,
    "export_customer": LEAD,
    "forget_customer": OWNING,
    "list_campaigns": TALKING,
    "new_campaign": LEAD,
    "open_campaign": LEAD,
    "edit_campaign": LEAD,
    "save_campaign": LEAD,
    "show_campaign": TALKING,
    "turn_campaign": LEAD,
    "show_team": TALKING,
    "complete_team": LEAD,
    "call_team_off": LEAD,
    "close_team_links": LEAD,
    "list_pools": TALKING,
    "set_pool_terms": LEAD,
    "cancel_pooled_gift": LEAD,
    "list_split_orders": TALKING,
    "show_split_order": TALKING,
    "cancel_split_order": LEAD,
    "list_chats": TALKING,
    "show_chat": TALKING,
    "take_over": TALKING,
    "answer": TALKING,
    "hand_back": TALKING,
    "inspect_chat": TALKING,
    "list_flows": LEAD,
    "edit_flows": LEAD,
    "work_on_flows": LEAD,
    "publish_flows": LEAD,
    "roll_back_flows": LEAD,
    "compare_flows": LEAD,
    "try_flows": LEAD,
    "say_in_trial": LEAD,
    "show_steps": LEAD,
    "export_steps": LEAD,
    "show_stories": LEAD,
    "try_stories": LEAD,
    "show_action_server": LEAD,
    "check_action_server": LEAD,
    "connect_action_server": OWNING,
    "disconnect_action_server": OWNING,
    "show_web_chats": LEAD,
    "save_web_chat": OWNING,
    "close_web_chat": OWNING,
    "show_prices": TALKING,
    "list_coupons": TALKING,
    "show_coupon": TALKING,
    "new_coupon": LEAD,
    "open_coupon": LEAD,
    "turn_coupon": LEAD,
    "list_gift_cards": LEAD,
    "show_gift_card": LEAD,
    "new_gift_cards": OWNING,
    "issue_gift_cards": OWNING,
    "block_card": LEAD,
    "show_tax": LEAD,
    "save_tax": OWNING,
    "remove_tax": OWNING,
    "show_together": LEAD,
    "save_together": OWNING,
    "remove_together": OWNING,
    "show_payments": LEAD,
    "check_payments": LEAD,
    "connect_payments": OWNING,
    "disconnect_payments": OWNING,
    "ask_provider_again": OWNING,
    "dismiss_payment_notice": OWNING,
    "dismiss_payment_alarm": OWNING,
    "note_refund_there": OWNING,
    "send_refund_again": LEAD,
    "retry_refund": LEAD,
    "run_payment_job": LEAD,
    "show_ledger": LEAD,
    "show_statement": LEAD,
}


def may(role: StaffRole, route: str) -> bool:
    return role in ACCESS.get(route, frozenset())
