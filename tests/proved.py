"""A private key that was read and proved sound once need not be proved again in this process.

OpenSSL looks for itself whether the primes of a key are any: 29 ms of the processor, each time a
shop is opened with one. A running shop does so once for each account and keeps the gateway; every
test with a provider has a shop of its own, and the keys are made once for a run. What is no key is
never kept, so it is refused anew each time.
"""

from functools import cache

from cryptography.hazmat.primitives import serialization


def share() -> None:
    """From here on, for whoever imports them from there."""
    serialization.load_pem_private_key = cache(serialization.load_pem_private_key)
    serialization.load_der_private_key = cache(serialization.load_der_private_key)
