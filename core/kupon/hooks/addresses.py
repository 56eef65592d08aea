"""Which addresses outgoing requests may reach, judged at the moment of connecting.

A name is resolved once, its addresses are judged, and the connection goes to one of those that
were: a second resolution can't lead elsewhere. Whoever sets a URL is not trusted with the inside
of the operator's network; the operator may allow networks, and further ports of the public ones.

Source: spec events-webhooks-data, section 18.7; IANA's registries of special addresses.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Of translated IPv6 addresses the IPv4 one inside counts.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Whatever lies elsewhere is special: local, translated, or nobody's yet.
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# What `ipaddress` of some versions of Python takes for global: 6to4 relays, and documentation.
_SPECIAL: Final[tuple[Network, ...]] = (
    ipaddress.IPv4Network((0xC0586300, 24)),
    ipaddress.IPv6Network("3fff::/20"),
)

_SCHEMES: Final = {"http": 80, "https": 443}
PORTS: Final = frozenset({80, 443, 8443})
_LARGEST_PORT: Final = 65_535


class ForbiddenAddress(OSError):
    """An address that requests must not go to."""


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Public addresses, and the networks that the operator allows.

    Shapes: ports are those of public addresses, where web servers are; allowed networks have all.
    """

    allowed: tuple[Network, ...] = ()
    ports: frozenset[int] = PORTS

    @classmethod
    def read(cls, networks: Iterable[str]) -> AddressGuard:
        """Take networks as text ("192.0.2.0/24").

        Raises:  ValueError.
        """
        return cls(tuple(ipaddress.ip_network(each.strip()) for each in networks if each.strip()))

    def with_ports(self, ports: Iterable[str]) -> AddressGuard:
        """The same with further ports, as text.

        Raises:  ValueError.
        """
        return replace(self, ports=self.ports.union(map(_port, ports)))

    def permits(self, address: str) -> bool:
        """Whether a request may go to an address."""
        parsed = _parse(address)
        return self._allows(parsed) or _is_public(parsed)

    def permits_port(self, address: str, port: int) -> bool:
        """Whether a request to an address that is permitted may go to a port of it."""
        return port in self.ports or self._allows(_parse(address))

    def _allows(self, address: Address) -> bool:
        return any(address in network for network in self.allowed)

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
            port = _SCHEMES.get(parts.scheme) if parts.port is None else parts.port
        except ValueError:
            return "must be a URL"
        if port is None or parts.scheme not in _SCHEMES or not parts.hostname:
            return "must be an http or https URL"
        if parts.username is not None or parts.password is not None:
            return "must not hold credentials"
        address = _written_address(parts.hostname)
        if address is not None and not self.permits(address):
            return "must be a public address"
        # Where a name leads is seen when it is called.
        may_be_allowed = bool(self.allowed) if address is None else self._allows(_parse(address))
        if port in self.ports or may_be_allowed:
            return None
        return f"must be at a port of {', '.join(map(str, sorted(self.ports)))}"


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError(f"{text} is no port")
    return port


def _written_address(host: str) -> str | None:
    """The address that a host is written as, in any of the ways that resolvers read; else None."""
    name = unicodedata.normalize("NFKC", host).rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        # "127.1", "0177.0.0.1", "0x7f000001" and "2130706433" are one.
        return socket.inet_ntoa(socket.inet_aton(name))
    except (OSError, UnicodeError):
        return None


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    is_special = any(address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not is_special


def _parse(text: str) -> Address:
    """An address without its zone; of an IPv6 one that stands for an IPv4 one, that."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped or address.sixtofour
        if mapped is not None:
            return mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
