"""The shop's discount codes: one method for each thing that is asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from kupon.hooks.errors import as_documented
from kupon_shopify import code_queries as queries
from kupon_shopify.api import AdminApi, Json
from kupon_shopify.mapping.outbound import TAG

_OVER: Final = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Known:
    """A discount that has a code, and the code as the shop writes it.

    Shapes: group is the tag of a discount that codes share, None for one of its own; code is None
        where the shop finds the discount and not yet the code among the others.
    """

    id: str
    is_own: bool = False
    group: str | None = None
    is_active: bool = False
    limit: int | None = None
    holders: Sequence[str] = ()
    code: str | None = None
    code_id: str = ""
    used: int = 0

    @property
    def is_used_up(self) -> bool:
        """Whether the shop takes it no more, for all that it counts."""
        return self.limit is not None and self.used >= self.limit

    def is_within(self, left: int | None) -> bool:
        """Whether the shop takes it no more often than so many times; None for any number."""
        return left is None or (self.limit is not None and self.limit - self.used <= left)


@dataclass(frozen=True, slots=True)
class Change:
    """A discount to make or change; kind is of the queries, arguments are what it takes."""

    kind: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Changed:
    """What the shop has against a change, None for no answer; id is of a discount it has made."""

    errors: Sequence[Json] | None
    id: str | None = None


class Codes:
    """Calls of one shop about its codes."""

    def __init__(self, api: AdminApi) -> None:
        """Call by the shop's API."""
        self._api = api

    def find(self, codes: Sequence[str]) -> tuple[list[Known | None], str]:
        """The discounts of some codes, in whichever letters they are written; and the currency."""
        told = self._api.ask(queries.find_codes(len(codes)), _named(codes))
        with as_documented():
            found = [_known(told[f"code{place}"]) for place in range(len(codes))]
            currency = str(told["shop"]["currencyCode"])
        shared = [place for place, each in enumerate(found) if each is not None and each.group]
        if shared:
            places = self._find_shared([codes[place] for place in shared])
            for place, node in zip(shared, places, strict=True):
                known = found[place]
                assert known is not None  # noqa: S101 - for the type
                found[place] = replace(known, **_letters(node))
        return found, currency

    def _find_shared(self, codes: Sequence[str]) -> list[Json | None]:
        """Codes among the others of their discounts."""
        told = self._api.ask(queries.find_shared(len(codes)), _named(codes))
        with as_documented():
            alike = [
                ((told[f"code{place}"] or {}).get("codeDiscount") or {}).get("codes") or {}
                for place in range(len(codes))
            ]
            return [
                next((e for e in some.get("nodes", ()) if _is(e["code"], code)), None)
                for code, some in zip(codes, alike, strict=True)
            ]

    def change(self, changes: Sequence[Change]) -> list[Changed]:
        """Make or change discounts, one after the other."""
        variables = {
            f"{name}{place}": value
            for place, change in enumerate(changes)
            for name, value in change.arguments.items()
        }
        document = queries.change_codes([change.kind for change in changes])
        told = self._api.ask(document, variables, is_partial=True)
        with as_documented():
            answers = [told.get(f"change{place}") for place in range(len(changes))]
            return [_changed(each) for each in answers]

    def find_group(self, tag: str, limit: int | None) -> str | None:
        """The discount that codes of a tag and a limit of uses share."""
        told = self._api.ask(queries.FIND_TAGGED, {"query": f"tag:{tag}"})
        with as_documented():
            for node in told["discountNodes"]["nodes"]:
                shown = node["discount"]
                tags, is_over = shown.get("tags", ()), shown.get("status") == _OVER
                if tag in tags and not is_over and shown["usageLimit"] == limit:
                    number = str(node["id"]).rpartition("/")[2]
                    return f"gid://shopify/DiscountCodeNode/{number}"
        return None

    def add(self, id: str, codes: Sequence[str]) -> Mapping[str, Sequence[Json]] | None:
        """Add codes to a discount: what the shop has against each, None for not yet known."""
        given = {"id": id, "codes": [{"code": code} for code in codes]}
        told = self._api.ask(queries.ADD_CODES, given)
        with as_documented():
            added = told["discountRedeemCodeBulkAdd"]
            if added["userErrors"]:
                return {code: list(added["userErrors"]) for code in codes}
            creation = str(added["bulkCreation"]["id"])
        told = self._api.ask(queries.ADDED, {"id": creation})
        with as_documented():
            found = told["discountRedeemCodeBulkCreation"]
            if found is None or not found["done"]:
                return None
            return {str(each["code"]): list(each["errors"]) for each in found["codes"]["nodes"]}


def _named(codes: Sequence[str]) -> dict[str, str]:
    return {f"code{place}": code for place, code in enumerate(codes)}


def _is(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _known(node: Json | None) -> Known | None:
    if node is None:
        return None
    shown = node["codeDiscount"]
    tags = shown.get("tags", ())
    if TAG not in tags:
        return Known(str(node["id"]))
    group = next((str(tag) for tag in tags if str(tag).startswith(f"{TAG}-")), None)
    known = Known(
        id=str(node["id"]),
        is_own=True,
        group=group,
        is_active=shown["status"] != _OVER,
        limit=shown["usageLimit"],
        holders=[str(each["id"]) for each in shown["context"].get("customers", ())],
    )
    codes = shown["codes"]["nodes"]
    return known if group or not codes else replace(known, **_letters(codes[0]))


def _letters(node: Json | None) -> dict[str, Any]:
    if node is None:
        return {}
    used = int(node["asyncUsageCount"])
    return {"code": str(node["code"]), "code_id": str(node["id"]), "used": used}


def _changed(answer: Json | None) -> Changed:
    if answer is None:
        return Changed(None)
    made = answer.get("codeDiscountNode") or {}
    return Changed(list(answer["userErrors"]), made.get("id"))
