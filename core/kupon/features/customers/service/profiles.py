"""Use cases of customers, and what orders and redemptions do with the customer they name.

Source: spec api-conventions, sections 11 and 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any, NamedTuple

from kupon.engine.metadata import MetadataSchemas, refuse_invalid
from kupon.features.customers import schemas as wire
from kupon.features.customers.service.tracking import untracked
from kupon.features.metadata_schemas.service import check_metadata
from kupon.kit.errors import RaceLost, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import customers, erasure
from kupon.storage.queries.customers import PROFILE, Row, Summary
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.uow import UnitOfWork

CustomerRow = Mapping[str, Any]


class Upserted(NamedTuple):
    """A customer as stored now, and what it took."""

    row: CustomerRow
    is_new: bool
    is_changed: bool


def create_customer(
    uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a customer, or change the one whose id, source id or tracking id is sent.

    Raises:  not_found for an unknown id; metadata_validation_failed.
    """
    named = untracked(project.tracking_key, body)
    schemas = load_schemas(uow)
    row = uow.attempt(lambda: upsert_customer(uow, named, schemas)).row
    return _dump(uow, row)


def get_customer(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    """One customer."""
    return _dump(uow, customers.get_customer(uow, reference))


def list_customers(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of customers."""
    page = customers.list_customers(uow, request, tz)
    summaries = customers.summarize(uow, [row["id"] for row in page.rows])
    rows = [wire.dump_customer(row, summaries[row["id"]]) for row in page.rows]
    return list_body("customers", rows, total=page.total, has_more=page.has_more)


def update_customer(uow: UnitOfWork, reference: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a profile; its source id never changes.

    Raises:  not_found; metadata_validation_failed.
    """
    check_metadata(uow, "customer", body, is_creation=False)
    stored = customers.get_customer(uow, reference, is_locked=True)
    changes = _changes(stored, _profile(body))
    return _change(uow, stored["id"], changes)[1] if changes else _dump(uow, stored)


def delete_customer(uow: UnitOfWork, reference: str) -> None:
    """Remove a profile and its feed; orders and redemptions keep an id that names nobody."""
    row = customers.get_customer(uow, reference, is_locked=True)
    payload = {"customer": _dump(uow, row)}
    erasure.delete_customer(uow, row["id"])
    uow.stage("customer.deleted", row["id"], payload)


def delete_permanently(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    """Erase every trace of a customer, also of one that was deleted before (by its id).

    Raises:  not_found when there is no trace.
    """
    customer_id = erasure.lock_traced_customer(uow, reference)
    erased = erasure.erase_traces(uow, customer_id)
    told = {"customer": wire.dump_erased_customer(customer_id)}
    uow.stage("customer.deleted", customer_id, told)
    uow.stage("customer.erased", customer_id, told)
    return wire.dump_deletion(ids.new_id("del_"), customer_id, uow.now, erased)


def tell_merged(uow: UnitOfWork, old: CustomerRow, new: CustomerRow) -> None:
    """Tell that all of one customer is another one's now, in the order of both."""
    pair = {
        member: {"id": row["id"], "source_id": row["source_id"], "object": "customer"}
        for member, row in (("from", old), ("into", new))
    }
    for customer in pair.values():
        uow.stage("customer.merged", customer["id"], {"customer": customer, **pair})
    # What the reference knows of it: somebody who was not known has turned out to be somebody.
    confirmed = {
        "customer": describe_customers(uow, [new["id"]])[new["id"]],
        "unconfirmed_customer": {"id": old["id"]},
    }
    uow.stage("customer.confirmed", new["id"], confirmed)


def merge_customer(
    stored: CustomerRow | None, body: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The profile that one evaluation looks at: what is sent over what is stored. Writes nothing.

    Shapes:  stored is what the body's id or source id found; None where nobody is named.
    Raises:  not_found for an unknown id.
    Source:  spec rules-and-qualification, "Customer merge".
    """
    if body is None or not says_something(body):
        return None
    profile = _said_profile(body)
    if stored is None:
        _refuse_unknown(body)
        return {"id": None, "source_id": body.get("source_id"), **profile}
    merged = {**stored, **profile}
    merged["metadata"] = {**stored["metadata"], **profile.get("metadata", {})}
    return merged


def upsert_customer(uow: UnitOfWork, body: Mapping[str, Any], schemas: MetadataSchemas) -> Upserted:
    """Store or change the customer that a body names by id or source id; the id wins.

    Shapes:  a body that names nobody is a new customer each time; schemas are the project's.
    Raises:  not_found for an unknown id; metadata_validation_failed; RaceLost when the customer
        was deleted meanwhile.
    """
    return write_customer(uow, _find(uow, body), body, schemas)


def _find(
    uow: UnitOfWork, body: Mapping[str, Any], *, is_locked: bool = False
) -> CustomerRow | None:
    id, source_id = body.get("id"), body.get("source_id")
    if id is None and source_id is None:
        return None
    return customers.find_customer(uow, id=id, source_id=source_id, is_locked=is_locked)


def hold_customer(
    uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any], schemas: MetadataSchemas
) -> CustomerRow:
    """The customer that something is given to, stored, up to date and locked.

    Raises:  as upsert_customer.
    Locks:   the customer's row.
    """
    named = untracked(project.tracking_key, body)
    stored = _find(uow, named, is_locked=True)
    # What is written now is locked by that.
    return write_customer(uow, stored, named, schemas).row


def describe_customers(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Several customers by id; of those that were deleted no more than that."""
    found = customers.find_customers(uow, ids)
    summaries = customers.summarize(uow, list(found))
    known = {id: wire.dump_customer(row, summaries[id]) for id, row in found.items()}
    return {id: known.get(id) or wire.dump_erased_customer(id) for id in ids}


def upsert_for_redemption(
    uow: UnitOfWork,
    stored: CustomerRow | None,
    body: Mapping[str, Any] | None,
    schemas: MetadataSchemas,
) -> CustomerRow | None:
    """The customer of a redemption, stored and up to date; None where none is named.

    Shapes:  stored is what the body's id or source id found, as the table has it.
    Raises:  as upsert_customer; RaceLost when the customer was stored since then: rules were asked
        without knowing of them, and of what they had used.
    """
    if body is None or not says_something(body):
        return None
    upserted = write_customer(uow, stored, body, schemas)
    if stored is None and not upserted.is_new:
        raise RaceLost
    return upserted.row


def says_something(body: Mapping[str, Any] | None) -> bool:
    """Whether a body says anything of a customer; null says as little as absence."""
    return body is not None and any(value is not None for value in body.values())


def write_customer(
    uow: UnitOfWork,
    stored: CustomerRow | None,
    body: Mapping[str, Any],
    schemas: MetadataSchemas,
) -> Upserted:
    """Bring storage to what a body says; nothing is written when it says nothing new.

    Raises:  as upsert_customer.
    """
    if stored is None:
        _refuse_unknown(body)
    refuse_invalid(schemas, "customer", body.get("metadata"), is_creation=stored is None)
    if stored is None:
        row = customers.insert_customer(
            uow, ids.new_id("cust_"), body.get("source_id"), _said_profile(body)
        )
        if row is not None:
            summary = Summary(customer_id=row["id"])
            uow.stage("customer.created", row["id"], {"customer": wire.dump_customer(row, summary)})
            return Upserted(row, is_new=True, is_changed=True)
        # Another request has stored the source id since we looked.
        stored = customers.find_customer(uow, source_id=body["source_id"], is_locked=True)
        if stored is None:
            raise RaceLost
    changes = _changes(stored, _said_profile(body))
    if not changes:
        return Upserted(stored, is_new=False, is_changed=False)
    row, _ = _change(uow, stored["id"], changes)
    return Upserted(row, is_new=False, is_changed=True)


def _changes(stored: CustomerRow, profile: Mapping[str, Any]) -> dict[str, Any]:
    """What of a profile storage doesn't know yet; of the metadata only the keys that change."""
    changes = {}
    for name, value in profile.items():
        if name == "metadata":
            known = stored["metadata"]
            news = {
                key: new
                for key, new in value.items()
                if key not in known or not _is_same(known[key], new)
            }
            if news:
                changes[name] = news
        elif not _is_same(_plain(value), _plain(stored[name])):
            changes[name] = value
    return changes


def _is_same(old: Any, new: Any) -> bool:
    # For Python, true is 1.
    return type(old) is type(new) and old == new


def _plain(value: Any) -> Any:
    # A row that was read as JSON has its dates as text.
    return value.isoformat() if isinstance(value, date) else value


def _profile(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that an update sets, null to clear them."""
    profile = {name: body[name] for name in PROFILE if name in body}
    if "birthday" in body:
        # The older name of birthdate.
        profile.setdefault("birthdate", body["birthday"])
    if "metadata" in profile:
        profile["metadata"] = profile["metadata"] or {}
    return profile


def _said_profile(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a body brings along with an order, a redemption or to its creation.

    The reference's SDK writes null for what was not set: it clears nothing here.
    """
    return _profile({name: value for name, value in body.items() if value is not None})


def _refuse_unknown(body: Mapping[str, Any]) -> None:
    if body.get("id") is not None:
        raise not_found("customer", body["id"])


def _change(
    uow: UnitOfWork, customer_id: str, changes: Mapping[str, Any]
) -> tuple[Row, dict[str, Any]]:
    """Write changes and tell of them; the row, and the customer as it is told."""
    row = customers.update_customer(uow, customer_id, changes)
    if row is None:
        raise RaceLost
    told = _dump(uow, row)
    uow.stage("customer.updated", customer_id, {"customer": told})
    return row, told


def _dump(uow: UnitOfWork, row: CustomerRow) -> dict[str, Any]:
    return wire.dump_customer(row, customers.summarize(uow, [row["id"]])[row["id"]])
