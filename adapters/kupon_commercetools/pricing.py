"""What a cart's codes come to: Kupon is asked, and the cart is told by update actions.

Source: spec adapters-commerce, sections 1.8, 1.9 and 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kupon.hooks.adapter import Connection, Shop
from kupon.kit.errors import KuponError
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping import codes, lines
from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.inbound import buyer
from kupon_commercetools.mapping.orders import SESSION, session_key
from kupon_commercetools.mapping.outbound import (
    TYPE_KEY,
    Action,
    Gift,
    Priced,
    actions_of,
    added_units,
    type_action,
)
from kupon_commercetools.mapping.texts import Json, custom_fields
from kupon_commercetools.mapping.verdicts import counted, given_units, reason_of

# Each round takes codes out that do not count; what is left after the last counts as refused.
_ROUNDS: Final = 4
_REMOVED: Final = "The product that belongs to the discount was removed from the cart"
_NATIVE: Final = "A discount code of the shop is in the cart"
_CURRENCY: Final = "currency_not_supported"
_ABSENT: Final = "The product that belongs to the discount is not available"


@dataclass(slots=True)
class CartPricing:
    """One call of the extension about one cart."""

    cart: Json
    connection: Connection
    client: CommercetoolsClient
    shop: Shop
    _refused: list[Code] = field(default_factory=list)

    def actions(self, action: str) -> list[Action]:
        """What is to be done to the cart.

        Raises:  KuponError, AdapterError, upon which nothing is to be done.
        """
        if not self._is_open():
            return []
        sent = codes.codes_of(self.cart)
        tiers = self._tiers()
        fields = custom_fields(self.cart)
        has_traces = bool(fields.get(SESSION) or fields.get(codes.FIELD))
        if not tiers and not has_traces:
            return self._first(action)
        wanted = [each for each in sent if each.status != codes.DELETED]
        self._release([each for each in sent if each.status == codes.DELETED])
        is_applied = self._settings["promotions"] == "APPLY"
        offered = _not_in(tiers, wanted)
        priced = self._price([*wanted, *(offered if is_applied else ())])
        shown = [] if is_applied else offered
        priced = replace(priced, codes=[*priced.codes, *_told(self._refused), *shown])
        return actions_of(self.cart, priced, self._settings, self._type_key)

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.connection.settings

    @property
    def _type_key(self) -> str:
        return self._settings["reuse_type_key"] or TYPE_KEY

    def _is_open(self) -> bool:
        """Whether the cart can be changed, and takes Kupon's fields."""
        cart = self.cart
        if cart.get("cartState", "Active") != "Active" or cart.get("lock"):
            return False
        ours = self.connection.state.get("type_id")
        custom = cart.get("custom")
        if ours is None or not isinstance(custom, Mapping):
            return True
        return (custom.get("type") or {}).get("id") == ours

    def _first(self, action: str) -> list[Action]:
        """Let the storefront write codes into a cart that is new."""
        is_new = action == "Create" and not isinstance(self.cart.get("custom"), Mapping)
        return [type_action(self._type_key)] if is_new else []

    def _price(self, wanted: Sequence[Code]) -> Priced:
        """Have codes counted, without those that can't be."""
        left = [each for each in wanted if not self._is_refused(each)]
        for _ in range(_ROUNDS):
            if not left:
                break
            answer = self.shop.validate(self._body(left))
            left, is_final = self._judge(left, answer)
            if not is_final:
                continue
            priced, lost = self._settle(left, answer)
            if not lost:
                return priced
            left = [each for each in left if each not in lost]
            self._refuse(lost, _ABSENT)
            self._release(lost)
        self._refuse(left, reason_of({}))
        return Priced()

    def _judge(self, asked: Sequence[Code], answer: Json) -> tuple[list[Code], bool]:
        """Which codes are left after an answer, and whether it holds for exactly them."""
        said = {str(each["id"]): each for each in answer["redeemables"]}
        left, out = [], []
        for each in asked:
            verdict = said.get(each.code, {})
            if verdict.get("status") == "APPLICABLE":
                left.append(each)
            else:
                out.append((each, verdict))
        if answer["valid"]:
            for each, verdict in out:
                self._refuse([each], reason_of(verdict))
            order = [each for each in said if said[each].get("status") == "APPLICABLE"]
            return sorted(left, key=lambda each: order.index(each.code)), True
        bad = [(each, said) for each, said in out if said.get("status") == "INAPPLICABLE"] or out
        for each, verdict in bad:
            self._refuse([each], reason_of(verdict))
        gone = [each for each, _ in bad]
        return [each for each in asked if each not in gone], False

    def _settle(self, held: Sequence[Code], answer: Json) -> tuple[Priced, list[Code]]:
        """What an answer means for the cart, and the codes whose free units are not to be had."""
        order = answer["order"]
        steps = {str(each["id"]): each for each in answer["redeemables"]}
        shipping = self._settings["free_shipping_product"]
        units = added_units(order)
        wanted = [each for each in units if shipping not in (each.product, each.source_id)]
        found = {name: self._find_gift(name) for name in {each.source_id for each in wanted}}
        absent = {name for name, gift in found.items() if gift is None}
        lost = [each for each in held if absent.intersection(given_units(steps[each.code]))]
        gifts = [gift for each in wanted if (gift := found[each.source_id])
                 for _ in range(each.quantity)]  # fmt: skip
        return Priced(
            order=order,
            codes=[counted(each, steps[each.code], shipping) for each in held],
            gifts=gifts,
            limit=(answer.get("stacking_rules") or {}).get("redeemables_limit"),
            session=self._key,
            ships_free=len(wanted) < len(units),
        ), lost

    def _find_gift(self, source_id: str) -> Gift | None:
        """The variant of a SKU, as the platform names it."""
        variant = self.client.find_variant(source_id)
        return None if variant is None else Gift(product_id=variant[0], variant_id=variant[1])

    def _is_refused(self, code: Code) -> bool:
        """Whether a code can't count here whatever Kupon says of it."""
        cart, allowed = self.cart, self._settings["currencies"]
        if cart.get("discountCodes"):
            # The platform would refuse direct discounts, and with them the shopper's change.
            return self._refuse([code], _NATIVE)
        if allowed and cart["totalPrice"]["currencyCode"] not in allowed:
            return self._refuse([code], _CURRENCY)
        there = lines.gift_skus(cart)
        if code.status == codes.APPLIED and any(each not in there for each in code.gifts):
            return self._refuse([code], _REMOVED)
        return False

    def _refuse(self, refused: Sequence[Code], why: str) -> bool:
        self._release([each for each in refused if each.status == codes.APPLIED])
        self._refused += [each.refused(why) for each in refused]
        return True

    def _release(self, gone: Sequence[Code]) -> None:
        for each in gone:
            if each.type == codes.VOUCHER:
                try:
                    self.shop.release(self._key, each.code)
                except KuponError as error:
                    if error.status >= 500:
                        raise

    @property
    def _key(self) -> str:
        return session_key(self.cart, self.connection.id)

    def _body(self, wanted: Sequence[Code]) -> dict[str, Any]:
        ttl = self._settings["lock_ttl_seconds"]
        return {
            **self._situation(),
            "redeemables": codes.redeemables(wanted),
            "session": {"type": "LOCK", "key": self._key, "ttl": ttl, "ttl_unit": "SECONDS"},
        }

    def _situation(self) -> dict[str, Any]:
        """The cart as Kupon sees it; without an id, for a stored order's lines would count."""
        items = lines.items_of(self.cart, self._settings)
        body: dict[str, Any] = {"order": {"items": items}}
        customer = buyer(self.cart, self._settings)
        return body | ({"customer": customer} if customer is not None else {})

    def _tiers(self) -> list[Code]:
        """The promotion tiers that fit the cart, the best one first."""
        cart = self.cart
        if self._settings["promotions"] == "OFF" or not cart.get("lineItems"):
            return []
        filters = {"resource_type": {"conditions": {"$is": ["promotion_tier"]}}}
        options = {"sorting_rule": "BEST_DEAL", "limit": 5, "filters": filters}
        options["expand"] = ["redeemable"]
        answer = self.shop.qualify({**self._situation(), "scenario": "ALL", "options": options})
        return [
            Code(
                code=str(each["id"]),
                type=codes.TIER,
                status=codes.AVAILABLE,
                banner=each.get("banner") or each.get("name"),
            )
            for each in answer["redeemables"]["data"]
            if each.get("object") == codes.TIER
        ]


def _not_in(tiers: Sequence[Code], others: Sequence[Code]) -> list[Code]:
    known = {each.code for each in others}
    return [each for each in tiers if each.code not in known]


def _told(refused: Sequence[Code]) -> list[Code]:
    """Refused codes that the shopper has entered; tiers that do not fit are nobody's business."""
    return [each for each in refused if each.type == codes.VOUCHER]
