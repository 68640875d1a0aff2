"""Payment providers behind data.payments.gateway.Gateway, and the one way to call them."""

from integrations.payments.runner import perform
from integrations.payments.sandbox import SandboxGateway

__all__ = ["SandboxGateway", "perform"]
