"""Addresses of those who connect: the network that one is known by, and whose word is taken."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from violet.domain.errors import ConfigurationError

UNIX = "unix"
"""Stands for callers on a Unix socket, who have no address."""


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without its zone; version 4 where it is that in version 6. Raises ``ValueError`` where it is no address."""
    found = ipaddress.ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped


def network_of(text: str, v4_prefix: int = 32, v6_prefix: int = 64) -> str:
    """The network an address is known by: itself for version 4, the first 64 bits for version 6, which is the least
    that one subscriber has (RFC 6177). Empty where it is no address."""
    try:
        found = address_of(text)
    except ValueError:
        return ""
    prefix = v4_prefix if found.version == 4 else v6_prefix
    if prefix == found.max_prefixlen:
        return str(found)
    return str(ipaddress.ip_network((found, prefix), strict=False))


def trusted(proxies: Sequence[str]) -> Callable[[str], bool]:
    """Whether an address belongs to one of these addresses and networks; an empty one does to ``UNIX``. Raises
    ``ConfigurationError`` for what is neither."""
    networks = []
    for one in proxies:
        if one == UNIX:
            continue
        try:
            networks.append(ipaddress.ip_network(one, strict=False))
        except ValueError:
            raise ConfigurationError(
                f"The trusted proxy {one!r} is no address or network.", "Write 10.0.0.7 or 10.0.0.0/8, or unix."
            ) from None
    unix = UNIX in proxies

    def believed(text: str) -> bool:
        if not text:
            return unix
        try:
            found = address_of(text)
        except ValueError:
            return False
        return any(found in network for network in networks)

    return believed
