"""What a call may cost and where it may lead, against servers that mean no good."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from threading import Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kupon.hooks import guarded
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Rejected, Unavailable
from kupon.hooks.http import HttpClient
from kupon.testing.platform import FakePlatform, Received, Reply, route

PUBLIC, PRIVATE = (str(ip_address(each)) for each in (0x08080808, 0x0A000001))
HERE = AddressGuard.read(["127.0.0.0/8", "::1/128"])
DRIP_S = 0.02
# Whoever is not cut off before is too late, on a machine that has much else to do as well.
DRIPS = 3000
SOON_S = 30
LATE_S = 60


def send(url, **limits):
    first_bytes = limits.pop("first_bytes", None)
    client = HttpClient(guard=limits.pop("guard", HERE), **limits)
    return client.send("POST", url, headers={}, body=b"{}", first_bytes=first_bytes)


@contextmanager
def serve(answer):
    """A server on this machine: `answer(connection, is_over)` talks to whoever calls."""
    is_over, threads = Event(), []

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = Thread(target=talk, args=(connection,))
            threads.append(thread)
            thread.start()

    def talk(connection):
        with connection, suppress(OSError):
            answer(connection, is_over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(5)


def dripping(*parts):
    """Talks so slowly that no time-out of a socket ever comes."""

    def answer(connection, is_over):
        connection.recv(65_536)
        for part in parts:
            connection.sendall(part)
        drip(connection, is_over)

    return answer


def drip(connection, is_over):
    for _ in range(DRIPS):
        connection.sendall(b"a")
        if is_over.wait(DRIP_S):
            return


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(dripping(), id="the status line"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX-A: "), id="a header"),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), id="a body with an end"
        ),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), id="a body without an end"
        ),
    ],
)
def test_who_answers_drop_by_drop_is_cut_off(answer):
    with serve(answer) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="took too long"):
            send(f"http://127.0.0.1:{port}/", total_s=0.4)
        assert time.monotonic() - begun < SOON_S


def test_who_reads_nothing_is_cut_off():
    def answer(_, is_over):
        is_over.wait(LATE_S)

    with serve(answer) as port:
        client = HttpClient(guard=HERE, total_s=0.4)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="took too long"):
            client.send("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"a" * 50_000_000)
        assert time.monotonic() - begun < SOON_S


def test_who_shakes_hands_drop_by_drop_is_cut_off():
    def answer(connection, is_over):
        connection.recv(65_536)
        # The head of a long message of the handshake, and then a byte now and again.
        connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
        drip(connection, is_over)

    with serve(answer) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="took too long"):
            send(f"https://127.0.0.1:{port}/", total_s=1.5)
        assert time.monotonic() - begun < SOON_S


def test_a_name_that_takes_long_is_given_up(monkeypatch):
    is_over = Event()
    monkeypatch.setattr(guarded, "RESOLVE_S", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [][: is_over.wait(LATE_S)])
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=r"can't be reached|took too long"):
        send("http://shop.example/")
    assert time.monotonic() - begun < SOON_S
    is_over.set()


def test_a_call_that_begins_late_ends_in_time_as_well(monkeypatch):
    real = socket.getaddrinfo

    def slow(host, port, *rest, **options):
        if host == "shop.example":
            time.sleep(0.5)
        return real("127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with serve(dripping()) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="took too long"):
            send(f"http://shop.example:{port}/", total_s=0.3)
        assert time.monotonic() - begun < SOON_S


class Platform(FakePlatform):
    @route("POST", "/hook")
    def hook(self, _: Received) -> Reply:
        return Reply(b"a" * 200_000)

    @route("POST", "/elsewhere")
    def elsewhere(self, _: Received) -> Reply:
        return Reply({}, 302, {"Location": f"{self.url}/hook"})


@pytest.fixture
def platform():
    with Platform() as running:
        yield running


def test_a_long_answer_is_refused_or_cut(platform):
    with pytest.raises(Unavailable, match="too large"):
        send(f"{platform.url}/hook", most_bytes=1000)
    assert send(f"{platform.url}/hook", first_bytes=1000).content == b"a" * 1000


def test_redirects_are_answers(platform):
    assert send(f"{platform.url}/elsewhere").status == 302
    assert [call.path for call in platform.calls()] == ["/elsewhere"]


def test_the_machines_proxy_is_not_asked(platform, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(f"{platform.url}/hook").status == 200


def naming(monkeypatch, *answers):
    """Names mean another address each time that somebody asks; how often somebody did."""
    asked = []

    def getaddrinfo(host, port, **_):
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo

    def choose(host, port, *rest, **options):
        is_name = not host[0].isdigit()
        return getaddrinfo(host, port) if is_name else real(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", choose)
    return asked


def test_what_was_judged_is_what_is_called(platform, monkeypatch):
    # Whoever is asked a second time would lead elsewhere.
    asked = naming(monkeypatch, "127.0.0.1", "127.0.0.99")
    port = platform.url.rpartition(":")[2]
    assert send(f"http://shop.example:{port}/hook").status == 200
    assert asked == ["shop.example"]
    assert platform.calls()[0].headers["host"] == f"shop.example:{port}"


def test_a_name_that_leads_inside_later_is_refused_later(platform, monkeypatch):
    naming(monkeypatch, "127.0.0.1", PRIVATE)
    port = platform.url.rpartition(":")[2]
    assert send(f"http://shop.example:{port}/hook").status == 200
    with pytest.raises(Rejected, match="not a public address"):
        send(f"http://shop.example:{port}/hook")
    assert len(platform.calls()) == 1


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:7f00:1]"])
def test_the_inside_is_not_called_however_it_is_written(platform, host):
    port = platform.url.rpartition(":")[2]
    with pytest.raises(Rejected, match="public address"):
        send(f"http://{host}:{port}/hook", guard=AddressGuard())
    assert platform.calls() == []


def test_a_name_at_a_port_of_other_servers_is_not_called(monkeypatch):
    naming(monkeypatch, PUBLIC)
    guard = AddressGuard.read([PRIVATE])
    with pytest.raises(Rejected, match="may not be called at port 6379"):
        send("http://shop.example:6379/", guard=guard)


@pytest.fixture
def certificate(tmp_path):
    """A certificate of shop.example that nobody has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = tmp_path / "shop.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made.write_bytes(key.private_bytes(*form) + certificate.public_bytes(Encoding.PEM))
    return made


def test_certificates_are_those_of_the_name(certificate, monkeypatch):
    naming(monkeypatch, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked = []
    context.sni_callback = lambda _, name, __: asked.append(name)

    def answer(connection, _):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serve(answer) as port:
        url = f"https://shop.example:{port}/"
        with pytest.raises(Unavailable, match="its certificate is not trusted"):
            send(url)
        client = HttpClient(guard=HERE)
        with client._open() as session:
            session.verify = str(certificate)
            assert client.send("GET", url, headers={}).content == b"ok"
    assert asked[-1] == "shop.example"


def test_why_nobody_answers_is_said(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable, match="it refuses connections"):
        send(f"http://127.0.0.1:{port}/")
    with (
        serve(lambda connection, _: connection.recv(65_536)) as port,
        pytest.raises(Unavailable, match="it ended the connection"),
    ):
        send(f"http://127.0.0.1:{port}/")
    with (
        serve(lambda connection, _: connection.sendall(b"HTTP/1.1 400 Plain\r\n\r\n")) as port,
        pytest.raises(Unavailable, match="it does not speak TLS as we do"),
    ):
        send(f"https://127.0.0.1:{port}/")

    def find_nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)
    with pytest.raises(Unavailable, match="its name is unknown"):
        send(f"http://shop.example:{port}/")
