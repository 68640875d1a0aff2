"""Where a request comes from: as limits count it, and as a provider is told it."""

import ipaddress

from fastapi import Request

_IPV6 = 6


def address_of(request: Request) -> str:
    """A home's IPv6 network of 2^64 addresses counts as one."""
    host = own_address_of(request)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == _IPV6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return host


def own_address_of(request: Request) -> str:
    """Of this caller alone; empty: nobody can tell."""
    return request.client.host if request.client else ""
