"""Where outgoing requests may go: every way to write the inside of a network is refused."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from kupon.hooks.addresses import AddressGuard, ForbiddenAddress

GUARD = AddressGuard()
PUBLIC, PRIVATE, OTHER = (str(ip_address(each)) for each in (0x08080808, 0x0A010203, 0x0A020001))
PRIVATE_NET = f"{PRIVATE}/32"


def _text(address):
    return str(ip_address(address)) if isinstance(address, int) else address


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(0x08080808, id="public"),
        pytest.param("2606:4700::1111", id="public, IPv6"),
        pytest.param("::ffff:808:808", id="public, mapped"),
        pytest.param("64:ff9b::808:808", id="public, translated"),
        pytest.param("2002:808:808::1", id="public, 6to4"),
    ],
)
def test_public_addresses_are_permitted(address):
    assert GUARD.permits(_text(address))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(0x7F000001, id="loopback"),
        pytest.param(0x7FFFFFFE, id="the end of loopback"),
        pytest.param(0x00000000, id="unspecified"),
        pytest.param(0x0A000001, id="private, class A"),
        pytest.param(0xAC1FFFFF, id="private, class B"),
        pytest.param(0xC0A80101, id="private, class C"),
        pytest.param(0x64400001, id="shared with a carrier"),
        pytest.param(0xA9FEA9FE, id="facts of cloud machines"),
        pytest.param(0xC0000001, id="protocols"),
        pytest.param(0xC0000201, id="documentation"),
        pytest.param(0xC0586301, id="6to4 relays"),
        pytest.param(0xC6120001, id="benchmarks"),
        pytest.param(0xE0000001, id="multicast"),
        pytest.param(0xF0000001, id="reserved"),
        pytest.param(0xFFFFFFFF, id="broadcast"),
        pytest.param("::", id="unspecified, IPv6"),
        pytest.param("::1", id="loopback, IPv6"),
        pytest.param("fe80::1%eth0", id="link-local with a zone"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param("fc00::1", id="unique local"),
        pytest.param("fd00:ec2::254", id="facts of cloud machines, IPv6"),
        pytest.param("ff02::1", id="multicast, IPv6"),
        pytest.param("2001:db8::1", id="documentation, IPv6"),
        pytest.param("3fff::1", id="more documentation"),
        pytest.param("100::1", id="discard"),
        pytest.param("5f00::1", id="segment routing"),
        pytest.param("::ffff:7f00:1", id="mapped"),
        pytest.param("::ffff:a00:1", id="mapped, in hexadecimal"),
        pytest.param("::7f00:1", id="compatible"),
        pytest.param("::ffff:0:7f00:1", id="translated by SIIT"),
        pytest.param("64:ff9b::7f00:1", id="NAT64"),
        pytest.param("64:ff9b:1::a00:1", id="local NAT64"),
        pytest.param("2002:7f00:1::1", id="6to4"),
        pytest.param("2002:a9fe:a9fe::", id="6to4 of a cloud machine's facts"),
        pytest.param("2001:0:4136:e378:8000:63bf:80ff:fffe", id="Teredo"),
    ],
)
def test_special_addresses_are_not(address):
    assert not GUARD.permits(_text(address))


@pytest.mark.parametrize(
    "address", [PRIVATE, "::ffff:a01:203", "64:ff9b::a01:203", "2002:a01:203::1"]
)
def test_what_the_operator_allows_is_permitted_in_every_form(address):
    guard = AddressGuard.read([PRIVATE_NET, " fd00::/8"])
    assert guard.permits(address)
    assert guard.permits("fd00::1")
    assert not guard.permits(OTHER)


@pytest.mark.parametrize(
    "target",
    [
        "shop.example",
        "shop.example:8443/hook?a=b",
        PUBLIC,
        "[2606:4700::1111]",
        "127.0.0.1.shop.example/",
        "10.shop.example/",
    ],
)
def test_urls_that_may_be_called(target):
    assert GUARD.refuse_url(f"https://{target}") is None


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "file:///etc/passwd",
        "http://",
        "gopher://127.0.0.1:80",
    ],
)
def test_other_schemes_are_refused(url):
    assert GUARD.refuse_url(url) == "must be an http or https URL"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("shop.example:port", "must be a URL"),
        ("[::1", "must be a URL"),
        ("user@shop.example", "must not hold credentials"),
        (":secret@shop.example", "must not hold credentials"),
        ("@shop.example", "must not hold credentials"),
        (f"{PUBLIC}@127.0.0.1/", "must not hold credentials"),
        ("127.0.0.1/", "must be a public address"),
        ("127.0.0.1./", "must be a public address"),
        ("127.1/", "must be a public address"),
        ("0177.0.0.1/", "must be a public address"),
        ("0x7f.0.0.1/", "must be a public address"),
        ("0x7f000001/", "must be a public address"),
        ("2130706433/", "must be a public address"),
        ("017700000001/", "must be a public address"),
        ("0/", "must be a public address"),
        ("\uff11\uff12\uff17.0.0.1/", "must be a public address"),
        ("localhost/", "must be a public address"),
        ("LOCALHOST./", "must be a public address"),
        ("any.localhost/", "must be a public address"),
        ("[::1]/", "must be a public address"),
        ("[::ffff:127.0.0.1]/", "must be a public address"),
        ("[fe80::1%25eth0]/", "must be a public address"),
        (f"{PUBLIC}:22/", "must be at a port of 80, 443, 8443"),
        ("shop.example:6379/", "must be at a port of 80, 443, 8443"),
        ("shop.example:0/", "must be at a port of 80, 443, 8443"),
    ],
)
def test_urls_that_are_refused(target, reason):
    assert GUARD.refuse_url(f"http://{target}") == reason


def test_ports_are_free_in_networks_that_are_allowed():
    guard = AddressGuard.read([PRIVATE_NET]).with_ports(["9000"])
    refused = "must be at a port of 80, 443, 8443, 9000"
    assert guard.refuse_url(f"http://{PRIVATE}:6379/") is None
    assert guard.refuse_url(f"http://{PUBLIC}:9000/") is None
    assert guard.refuse_url(f"http://{PUBLIC}:6379/") == refused
    # Where a name leads is seen when it is called.
    assert guard.refuse_url("http://shop.example:6379/") is None
    assert guard.permits_port(PRIVATE, 6379)
    assert not guard.permits_port(PUBLIC, 6379)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ValueError, match=r"port|invalid"):
        GUARD.with_ports([port])


@pytest.fixture
def named(monkeypatch):
    """Has every name mean some addresses: `named("::1", ...)`."""

    def mean(*addresses):
        def getaddrinfo(host, port, **_):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return mean


def test_a_name_that_leads_inside_is_refused(named):
    named(PRIVATE, "127.0.0.1")
    with pytest.raises(ForbiddenAddress, match=r"shop\.example is not a public address"):
        GUARD.resolve("shop.example", 443)


def test_of_several_addresses_a_permitted_one_is_taken(named):
    named(PRIVATE, PUBLIC)
    assert GUARD.resolve("shop.example", 443) == PUBLIC
