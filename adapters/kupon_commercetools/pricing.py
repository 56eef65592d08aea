"""What a cart's codes come to: Kupon is asked, and the cart is told by update actions.

Source: spec adapters-commerce, sections 1.8, 1.9 and 2.5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kupon.hooks.adapter import Connection, Shop
from kupon.hooks.errors import Unmappable, as_documented
from kupon.kit.errors import KuponError
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping import codes, lines
from kupon_commercetools.mapping.articles import selection, variants_of
from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.inbound import buyer, unnamed_accounts
from kupon_commercetools.mapping.orders import SESSION, session_key
from kupon_commercetools.mapping.outbound import (
    DIRECT,
    TYPE_KEY,
    actions_of,
    discount_actions,
    type_action,
)
from kupon_commercetools.mapping.priced import Action, Gift, Priced, Variant, added_units
from kupon_commercetools.mapping.texts import Json, custom_fields
from kupon_commercetools.mapping.verdicts import counted, given_units, grants_of, reason_of
from kupon_commercetools.promotions import fitting_tiers, those_besides

# Of the API, in one validation.
_MOST_CODES: Final = 30
# Of the cart that was lost when its shopper logged in.
_MERGED: Final = "Merged"
_REMOVED: Final = "The product that belongs to the discount was removed from the cart"
_NATIVE: Final = "A discount code of the shop is in the cart"
_CURRENCY: Final = "currency_not_supported"
_TOO_LONG: Final = f"The cart has more than {lines.MOST_ITEMS} lines"
_TOO_MANY: Final = f"The cart has more than {_MOST_CODES} codes"
_ABSENT: Final = "The product that belongs to the discount is not available"


def situation(raw: Json, settings: Json, client: CommercetoolsClient) -> dict[str, Any]:
    """A cart or an order as Kupon sees it; empty for one with more lines than an order may have.

    Shapes:  it has no id, for a stored order's lines would count.
    """
    try:
        items = lines.items_of(raw, settings)
    except Unmappable:
        return {}
    accounts = client.find_customers(unnamed_accounts([raw], settings))
    customer = buyer(raw, settings, accounts)
    body: dict[str, Any] = {"order": {"items": items}}
    return body | ({"customer": customer} if customer is not None else {})


@dataclass(slots=True)
class CartPricing:
    """One call of the extension about one cart, and what it was before the change."""

    cart: Json
    before: Json
    connection: Connection
    client: CommercetoolsClient
    shop: Shop
    _refused: list[Code] = field(default_factory=list)
    _situation: dict[str, Any] = field(default_factory=dict)

    def actions(self) -> list[Action]:
        """What is to be done to the cart.

        Raises:  KuponError, AdapterError, upon which nothing is to be done.
        """
        fields = self._fields(self.cart)
        if self.cart.get("cartState") == _MERGED and fields.get(SESSION):
            self.shop.release(self._key)
        if not self._is_open():
            return []
        if not self._is_ours(self.cart):
            return self._withdraw()
        has_traces = self._has_ours or bool(fields.get(codes.FIELD))
        if not has_traces and not self._has_promotions():
            return self._first()
        self._situation = situation(self.cart, self._settings, self.client)
        is_asked = self._has_promotions() and bool(self._situation)
        tiers = fitting_tiers(self.shop, self._situation) if is_asked else []
        if not tiers and not has_traces:
            return self._first()
        return self._answer(codes.codes_of(self.cart), tiers)

    def _answer(self, sent: Sequence[Code], tiers: Sequence[Code]) -> list[Action]:
        wanted = [each for each in sent if each.status != codes.DELETED]
        self._release([each for each in sent if each.status == codes.DELETED])
        if not wanted and self._has_ours:
            # A storefront may have emptied the field instead.
            self.shop.release(self._key)
        is_applied = self._settings["promotions"] == "APPLY"
        offered = those_besides(tiers, wanted)
        priced = self._price([*wanted, *(offered if is_applied else ())])
        shown = [] if is_applied else offered
        told = [each for each in self._refused if _is_told(each, sent)]
        priced = replace(priced, codes=[*priced.codes, *told, *shown])
        return actions_of(
            self.cart, priced, self._settings, self._type_key, has_ours=self._has_ours
        )

    def _withdraw(self) -> list[Action]:
        """Take back what a cart was given before it was given another type."""
        if not self._has_ours:
            return []
        self.shop.release(self._key)
        return discount_actions(self.cart, Priced(), self._settings, has_ours=True)

    @property
    def _has_ours(self) -> bool:
        """Whether Kupon's discounts are in the cart, which may have lost the fields that say so."""
        held = (self._fields(each).get(SESSION) for each in (self.cart, self.before))
        return any(held) or lines.has_ours(self.cart)

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.connection.settings

    @property
    def _type_key(self) -> str:
        return self._settings["reuse_type_key"] or TYPE_KEY

    def _is_open(self) -> bool:
        """Whether the cart can be changed."""
        return self.cart.get("cartState", "Active") == "Active" and not self.cart.get("lock")

    def _fields(self, cart: Json) -> Json:
        """Kupon's fields of a cart, unlike those of another type."""
        return custom_fields(cart) if self._is_ours(cart) else {}

    def _is_ours(self, cart: Json) -> bool:
        """Whether a cart has Kupon's type, or none."""
        ours = self.connection.state.get("type_id")
        custom = cart.get("custom")
        if ours is None or not isinstance(custom, Mapping):
            return True
        return (custom.get("type") or {}).get("id") == ours

    def _first(self) -> list[Action]:
        """Let the storefront write codes into a cart that has no type yet."""
        is_bare = not isinstance(self.cart.get("custom"), Mapping)
        return [type_action(self._type_key)] if is_bare else []

    def _has_promotions(self) -> bool:
        return self._settings["promotions"] != "OFF" and bool(self.cart.get("lineItems"))

    def _price(self, wanted: Sequence[Code]) -> Priced:
        """Have codes counted, without those that can't be: each round takes at least one out."""
        left = [each for each in wanted if not self._is_refused(each)]
        self._refuse(left[_MOST_CODES:], _TOO_MANY)
        del left[_MOST_CODES:]
        while left:
            try:
                answer = self.shop.validate(self._body(left))
            except KuponError as error:
                if error.status >= 500:
                    raise
                # A cart that stayed as it is would keep what it was given for other contents.
                newest = next((each for each in left[::-1] if each.status == codes.NEW), left[-1])
                left.remove(newest)
                self._refuse([newest], error.details or error.message)
                continue
            left, is_final = self._judge(left, answer)
            if not is_final:
                continue
            priced, lost = self._settle(left, answer)
            if not lost:
                return priced
            left = [each for each in left if each not in lost]
            self._refuse(lost, _ABSENT)
            self._release(lost)
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
        bad = [(each, said) for each, said in out if said.get("status") == "INAPPLICABLE"]
        bad = bad or out or [(each, {}) for each in asked]
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
        names = {each.source_id for each in wanted}
        found = self._find_variants(names)
        absent = names - found.keys()
        lost = [each for each in held if absent.intersection(given_units(steps[each.code]))]
        gifts = [
            Gift(
                product_id=variant.product_id,
                variant_id=variant.variant_id,
                price=variant.price,
                quantity=each.quantity,
                grants=grants_of(steps, held, each.source_id),
            )
            for each in wanted
            if (variant := found.get(each.source_id)) is not None
        ]
        return Priced(
            order=order,
            codes=[counted(each, steps[each.code], shipping) for each in held],
            gifts=gifts,
            limit=(answer.get("stacking_rules") or {}).get("redeemables_limit"),
            session=self._key,
            ships_free=len(wanted) < len(units),
        ), lost

    def _find_variants(self, names: Collection[str]) -> dict[str, Variant]:
        """What is sold in the cart under some names; it alone may be given away."""
        if not names:
            return {}
        settings = self._settings
        products = self.client.find_products(
            sorted(names),
            by_key=settings["product_source_id"] == "KEY",
            staged="false",
            **selection(self.cart, settings),
        )
        with as_documented():
            return variants_of(products, names, settings)

    def _is_refused(self, code: Code) -> bool:
        """Whether a code can't count here whatever Kupon says of it."""
        cart, allowed = self.cart, self._settings["currencies"]
        if cart.get("discountCodes") and self._settings["discounts_as"] == DIRECT:
            # The platform would refuse direct discounts, and with them the shopper's change.
            return self._refuse([code], _NATIVE)
        if allowed and cart["totalPrice"]["currencyCode"] not in allowed:
            return self._refuse([code], _CURRENCY)
        if not self._situation:
            return self._refuse([code], _TOO_LONG)
        there = lines.free_articles(cart)
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
        is_told = not self.before or self._fields(self.cart).get(SESSION)
        return session_key(self.cart if is_told else self.before, self.connection.id)

    def _body(self, wanted: Sequence[Code]) -> dict[str, Any]:
        ttl = self._settings["lock_ttl_seconds"]
        return {
            **self._situation,
            "redeemables": codes.redeemables(wanted),
            "session": {"type": "LOCK", "key": self._key, "ttl": ttl, "ttl_unit": "SECONDS"},
        }


def _is_told(refused: Code, sent: Sequence[Code]) -> bool:
    """Whether the shopper has entered it; tiers that no longer fit are nobody's business."""
    entered = {each.code for each in sent if each.status == codes.NEW}
    return refused.type == codes.VOUCHER or refused.code in entered
