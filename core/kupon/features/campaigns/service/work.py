"""Work on a campaign's codes that a request leaves to the worker, as the job's arguments.

A job does one slice in each transaction and writes into its own row where it got to, so that
whenever it is killed it goes on from the last slice that was committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Self

from kupon.engine.codes import CodePattern
from kupon.features.vouchers.service import Walk
from kupon.storage.queries import async_actions
from kupon.storage.queries.campaign_codes import START, Cursor
from kupon.storage.uow import UnitOfWork

# Told when codes have what their campaign was changed to; no webhook knows it.
CODES_CHANGED = "campaign.codes_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What every such job knows; `done` counts codes."""

    handler: ClassVar[str]
    action_type: ClassVar[str]

    campaign_id: str
    action_id: str = ""
    request_id: str | None = None
    done: int = 0

    def begin(self, uow: UnitOfWork) -> str:
        """Leave the work to the worker; the id of the async action that tells of it.

        Locks:  the campaign must be locked, so that its jobs are known to whoever locks it.
        """
        action_id = async_actions.insert_action(uow, self.action_type)
        started = replace(self, action_id=action_id, request_id=uow.request_id)
        uow.enqueue(self.handler, started.arguments(), order_key=self.campaign_id)
        return action_id

    def arguments(self) -> dict[str, Any]:
        """The work as JSON."""
        return {each.name: _dump(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def resume(cls, arguments: Mapping[str, Any]) -> Self:
        """The work as JSON told it."""
        return cls(**arguments)


def _dump(value: Any) -> Any:
    if isinstance(value, CodePattern | Walk | Cursor):
        return {name: _dump(member) for name, member in asdict(value).items()}
    if isinstance(value, Mapping):
        return {name: _dump(member) for name, member in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation(Work):
    """Codes to be drawn.

    Shapes: values replace fields of the campaign's template; walk is None while codes are drawn at
        random; is_addition tells codes added later from those of the campaign's creation.
    """

    handler: ClassVar[str] = "campaigns.generate_vouchers"
    action_type: ClassVar[str] = "CAMPAIGN.VOUCHERS_GENERATE"

    count: int
    pattern: CodePattern
    is_case_sensitive: bool
    is_addition: bool
    values: Mapping[str, Any] = field(default_factory=dict)
    walk: Walk | None = None

    @classmethod
    def resume(cls, arguments: Mapping[str, Any]) -> Self:
        """The work as JSON told it."""
        values = dict(arguments["values"])
        for name in ("start_date", "expiration_date"):
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        walk = arguments["walk"]
        told = {
            "pattern": CodePattern(**arguments["pattern"]),
            "values": values,
            "walk": None if walk is None else Walk(**walk),
        }
        return cls(**{**arguments, **told})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass(Work):
    """Work that goes once through all codes; `passed` counts those it has looked at."""

    after: Cursor = START
    passed: int = 0

    @classmethod
    def resume(cls, arguments: Mapping[str, Any]) -> Self:
        """The work as JSON told it."""
        after = arguments["after"]
        cursor = Cursor(datetime.fromisoformat(after["created_at"]), after["id"])
        return cls(**{**arguments, "after": cursor})


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation(_Pass):
    """Changes of a campaign to be written into its codes.

    Shapes: columns are those of the codes that take the campaign's value of the moment; metadata is
        merged, keys in unset are removed.
    """

    handler: ClassVar[str] = "campaigns.update_vouchers"
    action_type: ClassVar[str] = "CAMPAIGN.VOUCHERS_UPDATE"

    columns: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    unset: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion(_Pass):
    """Codes to be binned with their campaign, or removed with it for good."""

    handler: ClassVar[str] = "campaigns.delete_vouchers"
    action_type: ClassVar[str] = "CAMPAIGN.VOUCHERS_DELETE"

    is_forced: bool
