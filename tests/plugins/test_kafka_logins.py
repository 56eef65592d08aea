"""How clients are let in by clusters: passwords, tokens, certificates."""

from __future__ import annotations

import base64
import json
import ssl
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from marshmallow import ValidationError
from tests.plugins.kafka_controller import Controller
from tests.plugins.test_kafka_topics import adapter_for

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AuthFailed, Misconfigured
from kupon.runtime import clock
from kupon.testing.platform import FakePlatform, Received, Reply, route
from kupon_kafka.cluster import Ear, check_settings, options_of
from kupon_kafka.config import SinkSettings

LOGIN = {"bootstrap_servers": "kafka:9093", "username": "kupon", "password": "canary"}


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (
            {"sasl_mechanism": mechanism},
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": mechanism,
                "sasl.username": "kupon",
                "sasl.password": "canary",
            },
        )
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    ]
    + [
        (
            {
                "sasl_mechanism": "OAUTHBEARER",
                "token_url": "https://login.example/token",
                "scope": "kafka",
                "token_extensions": "logicalCluster=lkc-1",
            },
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "OAUTHBEARER",
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.client.id": "kupon",
                "sasl.oauthbearer.client.secret": "canary",
                "sasl.oauthbearer.token.endpoint.url": "https://login.example/token",
                "sasl.oauthbearer.scope": "kafka",
                "sasl.oauthbearer.extensions": "logicalCluster=lkc-1",
            },
        ),
        (
            {
                "security_protocol": "SSL",
                "ca": "CA",
                "certificate": "CERTIFICATE",
                "key": "KEY",
                "key_password": "secret",
            },
            {
                "security.protocol": "SSL",
                "ssl.ca.pem": "CA",
                "ssl.certificate.pem": "CERTIFICATE",
                "ssl.key.pem": "KEY",
                "ssl.key.password": "secret",
            },
        ),
        ({"security_protocol": "PLAINTEXT"}, {"security.protocol": "PLAINTEXT"}),
    ],
)
def test_each_login_is_what_librdkafka_calls_it(given, options):
    told = options_of(SinkSettings().load(LOGIN | given), Ear())
    about_login = {
        name: value
        for name, value in told.items()
        if name.startswith(("sasl.", "ssl.", "security."))
    }
    assert about_login == options


def check(controller, **given):
    """What a connection's check says of a cluster."""
    return adapter_for(controller, **given).check().health.value


PASSWORD = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "username": "kupon"}


def test_who_does_not_know_the_password_is_not_let_in():
    with Controller(login=b"\0kupon\0canary") as controller:
        for topic in ("kupon.commands.v1", "kupon.commands.dlq.v1"):
            controller.create(topic)
        assert check(controller, **PASSWORD, password="canary") == "OK"
        assert check(controller, **PASSWORD, password="wrong") == "AUTH_FAILED"
        with pytest.raises(AuthFailed):
            adapter_for(controller, **PASSWORD, password="wrong").provision()


def jwt(**claims):
    parts = ({"alg": "RS256", "typ": "JWT"}, claims, "signature")
    packed = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in packed)


TOKEN = jwt(sub="kupon", iat=1_770_000_000, exp=4_000_000_000)


class Login(FakePlatform):
    """Who gives out tokens by client credentials."""

    @route("POST", "/token")
    def token(self, request: Received) -> Reply:
        expected = base64.b64encode(b"kupon:canary").decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return Reply({"error": "invalid_client"}, 401)
        return Reply({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})


def test_tokens_are_asked_for_and_shown(monkeypatch):
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 3.0)
    said = f"n,,\1auth=Bearer {TOKEN}\1\1".encode()
    with Login() as login, Controller(login=said) as controller:
        for topic in ("kupon.commands.v1", "kupon.commands.dlq.v1"):
            controller.create(topic)
        given = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "OAUTHBEARER",
            "username": "kupon",
            "token_url": f"{login.url}/token",
            "scope": "kafka",
        }
        assert check(controller, **given, password="canary") == "OK"
        [asked, *_] = login.calls("POST", "/token")
        assert asked.form == {"grant_type": "client_credentials", "scope": "kafka"}
        assert check(controller, **given, password="wrong") == "AUTH_FAILED"


def test_tokens_do_not_come_from_inside():
    given = {"sasl_mechanism": "OAUTHBEARER", "token_url": "http://127.0.0.1:9/token"}
    settings = SinkSettings().load(LOGIN | given | {"bootstrap_servers": "127.0.0.1:9"})
    inside_brokers = AddressGuard.read(["127.0.0.0/8"])
    check_settings(settings, inside_brokers)
    with pytest.raises(Misconfigured, match="public"):
        check_settings(settings, AddressGuard())


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"sasl_mechanism": "OAUTHBEARER"}, "token_url"),
        ({"sasl_mechanism": "OAUTHBEARER", "token_url": "login.example"}, "token_url"),
        ({"format": "avro"}, "registry_url"),
        ({"registry_url": "registry.example:8081"}, "registry_url"),
        ({"replicas": 0}, "replicas"),
        ({"customers_topic": "a b"}, "customers_topic"),
    ],
)
def test_what_can_not_work_together_is_refused(given, wrong):
    with pytest.raises(ValidationError) as caught:
        SinkSettings().load(LOGIN | given)
    assert list(caught.value.messages) == [wrong]


def certified(name, issuer=None):
    """A key and a certificate, by itself or by an issuer, as (key, certificate)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[1].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(key if issuer is None else issuer[0], hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def sealed(key, password=b"canary"):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    ).decode()


@pytest.fixture(scope="module")
def authority():
    return certified("Test authority")


@pytest.fixture
def tls(authority, tmp_path):
    """What a broker shows, and that it wants to be shown the like."""
    key, certificate = certified("broker", authority)
    file = tmp_path / "broker.pem"
    file.write_text(pem(certificate) + sealed(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, password="canary")
    context.load_verify_locations(cadata=pem(authority[1]))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_certificates_are_shown_both_ways(authority, tls, monkeypatch):
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 3.0)
    key, certificate = certified("kupon", authority)
    shown = {"security_protocol": "SSL", "ca": pem(authority[1])}
    own = {"certificate": pem(certificate), "key": sealed(key), "key_password": "canary"}
    with Controller(tls=tls) as controller:
        for topic in ("kupon.commands.v1", "kupon.commands.dlq.v1"):
            controller.create(topic)
        assert check(controller, **shown, **own) == "OK"
        assert check(controller, **shown) == "UNREACHABLE"
        strangers = {**shown, "ca": pem(certified("Nobody")[1])}
        assert check(controller, **strangers, **own) == "UNREACHABLE"


def test_a_key_that_is_none_is_told_without_repeating_it():
    with Controller() as controller:
        pems = {"security_protocol": "SSL", "certificate": "none", "key": "canary"}
        checked = adapter_for(controller, **pems).check()
    assert checked.health.value == "MISCONFIGURED"
    assert "canary" not in checked.message
