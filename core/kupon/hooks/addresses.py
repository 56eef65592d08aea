"""Which addresses outgoing requests may reach, judged at the moment of connecting.

A name is resolved once, its addresses are judged, and the connection goes to one of those that
were: a second resolution can't lead elsewhere. Whoever sets a URL is not trusted with the inside
of the operator's network; the operator may allow networks.

Source: issue on plugins ("SSRF guard"); IANA's registries as `ipaddress` knows them.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Of translated IPv6 addresses the IPv4 one inside counts.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddress(OSError):
    """An address that requests must not go to."""


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Public addresses, and the networks that the operator allows."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def read(cls, networks: Iterable[str]) -> AddressGuard:
        """Take networks as text ("192.0.2.0/24").

        Raises:  ValueError.
        """
        return cls(tuple(ipaddress.ip_network(each.strip()) for each in networks if each.strip()))

    def permits(self, address: str) -> bool:
        """Whether a request may go to an address."""
        parsed = _inner(ipaddress.ip_address(address.partition("%")[0]))
        if any(parsed in network for network in self.allowed):
            return True
        return parsed.is_global and not parsed.is_multicast

    def resolve(self, host: str, port: int) -> str:
        """The first address of a host that requests may go to.

        Raises:  ForbiddenAddress where there is none; OSError where the name is unknown.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, where in found:
            if self.permits(str(where[0])):
                return str(where[0])
        raise ForbiddenAddress(f"{host} is not a public address")

    def refuse_url(self, url: str) -> str | None:
        """Why a URL can't be a target, judged without asking anybody; None if nothing is wrong."""
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 - raises for what is no port
        except ValueError:
            return "must be a URL"
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return "must be an http or https URL"
        if parts.username or parts.password:
            return "must not hold credentials"
        try:
            is_allowed = self.permits(parts.hostname)
        except ValueError:
            is_allowed = parts.hostname.rstrip(".").lower() != "localhost" or self.permits(
                "127.0.0.1"
            )
        return None if is_allowed else "must be a public address"


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped or address.sixtofour
        if mapped is not None:
            return mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
