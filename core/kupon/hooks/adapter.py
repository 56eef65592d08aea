"""What an adapter is: a class per platform, and what each capability asks of it.

An adapter keeps nothing: it is made for one connection and one piece of work, and gets its HTTP
client. Kupon owns queues, retries, batches, rates, de-duplication, order and secrets; an adapter
owns the platform's words.

Source: house B9; spec adapters-marketing, section 6.1; adapters-commerce, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from importlib import resources
from typing import Any, ClassVar, Protocol

from marshmallow import Schema

from kupon.hooks.commands import Command
from kupon.hooks.errors import AuthFailed, Stop
from kupon.hooks.http import HttpClient
from kupon.hooks.manifest import Manifest, read_manifest


class Health(StrEnum):
    """What a look at the platform found."""

    OK = "OK"
    AUTH_FAILED = "AUTH_FAILED"
    UNREACHABLE = "UNREACHABLE"
    MISCONFIGURED = "MISCONFIGURED"


@dataclass(frozen=True, slots=True)
class Checked:
    """The health of a connection, with a sentence for the operator that names no secret."""

    health: Health
    message: str = ""


def checked(look: Callable[[], Checked | None]) -> Checked:
    """What came of a look at the platform; nothing said means that it is well.

    Shapes:  credentials that are refused and what else must be mended are told apart; whatever
        else goes wrong keeps the platform out of reach.
    """
    try:
        return look() or Checked(Health.OK)
    except AuthFailed as error:
        return Checked(Health.AUTH_FAILED, str(error))
    except Stop as error:
        return Checked(Health.MISCONFIGURED, str(error))
    except Exception as error:  # noqa: BLE001 - a check never raises
        return Checked(Health.UNREACHABLE, str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One project's link with one account of a platform.

    Shapes: settings are what the adapter's schema loaded, secrets included; state is what
        `provision` returned. origin marks what this connection causes, which it is not
        told of.
    """

    id: str
    project_id: str
    name: str
    settings: Mapping[str, Any] = field(repr=False)
    state: Mapping[str, Any] = field(default_factory=dict, repr=False)
    installed_at: datetime
    timezone: str = "UTC"
    base_url: str = ""

    @property
    def origin(self) -> str:
        """The mark of what this connection causes."""
        return f"connection:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRequest:
    """A request from the platform, before anything was read from it.

    Shapes: path is what follows the connection's address, or the platform's fixed prefix; headers
        have lower-case names; body is the raw bytes; has_key says that the integration key of the
        connection came with it and was right, as on fixed prefixes it must.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime
    has_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundResponse:
    """What the platform is answered."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event of the platform, as it goes into the inbox.

    Shapes: id is the platform's own name of the event, the same in every repetition; subject is
        the object it is about ("order:17"): deliveries of one subject are processed in order, and
        may be processed as one. payload is all that `process` needs.
    """

    id: str
    event: str
    subject: str
    payload: Mapping[str, Any]
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of what a platform has.

    Shapes: cursor names what comes after it, None at the end; total is how many records there are
        in all, where the platform says so; skipped are records that can't be taken, with reasons.
    """

    commands: Sequence[Command]
    cursor: str | None
    total: int | None = None
    skipped: Sequence[tuple[str, str]] = ()


class Verdict(StrEnum):
    """What became of one pushed item."""

    OK = "OK"
    REJECTED = "REJECTED"
    RETRY = "RETRY"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one item; a reason where it is not OK."""

    verdict: Verdict
    reason: str = ""
    retry_after_s: float | None = None


OK = Outcome(Verdict.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileItem:
    """A customer as it is to be on the platform.

    Shapes: customer is the wire's; attributes are the projected ones by their platform names.
    """

    id: str
    customer: Mapping[str, Any]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventItem:
    """An event of a customer.

    Shapes: id is the same in every try; type is the wire's; data are the wire's objects, properties
        the flat form of spec adapters-marketing, section 1.4.
    """

    id: str
    type: str
    name: str
    customer: Mapping[str, Any]
    occurred_at: datetime
    data: Mapping[str, Any]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeItem:
    """A code that is to exist on the platform, or no longer; voucher is the wire's.

    Shapes: rules are the wire's validation rules that hold for the code. Where there are fewer
        than the voucher has assignments, some are not told.
    """

    id: str
    voucher: Mapping[str, Any]
    customer: Mapping[str, Any] | None = None
    is_retired: bool = False
    rules: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeItem:
    """Two customers who are one from now on.

    Shapes: customer is who remains, gone is who was; both name the person as platforms may know it.
    """

    id: str
    customer: Mapping[str, Any]
    gone: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """What came of the incentives that the platform's own order named.

    Shapes: source_id is the order's on the platform; state is REDEEMED, REDEEM_FAILED or
        ROLLED_BACK; codes are those that count now, by code or else by id, and redemption_ids what
        counted them; passed_over has the others with the reasons.
    """

    id: str
    source_id: str
    state: str
    codes: Sequence[str] = ()
    redemption_ids: Sequence[str] = ()
    passed_over: Sequence[tuple[str, str]] = ()


Item = ProfileItem | EventItem | CodeItem | MergeItem | OrderItem


@dataclass(frozen=True, slots=True)
class Pending:
    """That a platform erases somebody some time later.

    Shapes: ref is what it calls the request, which tells of nobody; note is for the operator.
    """

    ref: str
    note: str


class Shop(Protocol):
    """What an adapter that answers at once may ask of Kupon; bodies and answers are the API's.

    Every call is scoped to the connection's project and raises KuponError as the API would answer.
    """

    def validate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/validations`."""

    def qualify(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/qualifications`."""

    def publish(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/publications`."""

    def find_voucher(self, code: str) -> dict[str, Any]:
        """`GET /v1/vouchers/{code}`."""

    def find_customer(self, source_id: str) -> dict[str, Any]:
        """`GET /v1/customers/{id}`."""

    def list_redeemables(self, source_id: str) -> dict[str, Any]:
        """`GET /v1/customers/{id}/redeemables`."""

    def release(self, session_key: str, code: str | None = None) -> None:
        """Free what a session holds: of one code, or all."""


class Adapter:
    """The base of all adapters.

    Subclasses say what their settings are and bind their capabilities to methods:

    ==================  ===========================================================================
    `*.pull`            `pull(resource, cursor, since) -> Page`; resource is the capability's noun
    `*.receive`         `verify(request)`, `receive(request) -> Sequence[Delivery]` (both without
                        I/O), `process(deliveries) -> Sequence[Command]` (may ask the platform)
    `cart.price`,       `respond(request, shop) -> InboundResponse`, after `verify`, for requests
    `content.serve`     of which `answers(request)` says so
    `*.push`            `push(kind, items) -> Sequence[Outcome]`, one outcome an item, in order; of
                        `merges.push` the items are pairs of customers who are one, of
                        `orders.push` what came of the incentives of the platform's orders
    `profiles.erase`    `erase(customer) -> str | Pending`, what to tell the operator; after a
                        Pending `erase_status(ref) -> str | None`, None while it goes on
    `account.provision`  `provision() -> state`, `deprovision()`; both may be repeated
    ==================  ===========================================================================
    """

    settings: ClassVar[type[Schema]]

    def __init__(self, connection: Connection, http: HttpClient) -> None:
        """Serve one connection through its client."""
        self.connection = connection
        self.http = http

    @classmethod
    def manifest(cls) -> Manifest:
        """The facts in `manifest.toml` beside the adapter's module."""
        package = cls.__module__.rpartition(".")[0] or cls.__module__
        return _read(package)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The connection's settings."""
        return self.connection.settings

    def answers(self, request: InboundRequest) -> bool:
        """Whether a request is answered by `respond`; all others are received.

        Shapes:  it is the platform's for certain. An adapter that does both says which is which.
        """
        return not self.manifest().can("*.receive")

    def acknowledge(
        self, request: InboundRequest, deliveries: Sequence[Delivery]
    ) -> InboundResponse:
        """What the platform is told once its deliveries are stored.

        Shapes:  without deliveries also what it is told where a price can't be calculated: that
            nothing changes.
        """
        return InboundResponse(body={})

    def missed(self, request: InboundRequest) -> Sequence[Delivery]:
        """What is to be made up for where a price could not be calculated for now.

        Shapes:  `process` is given it some seconds later, when the platform has gone on without a
            price; each is stored once, as every delivery.
        """
        return ()

    def check(self) -> Checked:
        """Look whether the platform can be reached with these settings; never raises."""
        raise NotImplementedError


_manifests: dict[str, Manifest] = {}


def _read(package: str) -> Manifest:
    if package not in _manifests:
        text = resources.files(package).joinpath("manifest.toml").read_text(encoding="utf-8")
        _manifests[package] = read_manifest(text)
    return _manifests[package]
