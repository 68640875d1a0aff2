"""Payment providers behind data.payments.gateway.Gateway, and the one way to call them."""

from integrations.payments.runner import look, perform
from integrations.payments.sandbox import SandboxGateway
from integrations.payments.shelf import KINDS
from integrations.payments.telegram import TelegramInvoices

__all__ = ["KINDS", "SandboxGateway", "TelegramInvoices", "look", "perform"]
