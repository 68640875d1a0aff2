"""Actions that run outside: a merchant's own server, and the calls that are under way."""

from data.actions.calls import (
    DEADLINE,
    DueCall,
    NewCall,
    begin_call,
    calls_due,
    end_call,
    forget_calls,
    lease_calls,
    let_go,
    next_try,
    wait_for_call,
)
from data.actions.models import ActionCall, ActionServer, CallState, ServerMove
from data.actions.servers import (
    connect_server,
    disconnect_server,
    forget_trouble,
    moves_of,
    names_of,
    note_trouble,
    secret_of,
    server_of,
)

__all__ = [
    "DEADLINE",
    "ActionCall",
    "ActionServer",
    "CallState",
    "DueCall",
    "NewCall",
    "ServerMove",
    "begin_call",
    "calls_due",
    "connect_server",
    "disconnect_server",
    "end_call",
    "forget_calls",
    "forget_trouble",
    "lease_calls",
    "let_go",
    "moves_of",
    "names_of",
    "next_try",
    "note_trouble",
    "secret_of",
    "server_of",
    "wait_for_call",
]
