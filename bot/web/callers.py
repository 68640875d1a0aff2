"""Where a request comes from, as limits count it."""

import ipaddress

from fastapi import Request

_IPV6 = 6


def address_of(request: Request) -> str:
    """A home's IPv6 network of 2^64 addresses counts as one."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == _IPV6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return host
