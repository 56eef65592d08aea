"""What a cart's codes come to: Kupon is asked, and the cart is told by update actions.

Whatever goes wrong leaves a cart as it is: a checkout never waits for Kupon.

Source: spec adapters-commerce, sections 1.8, 1.9 and 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kupon.hooks.adapter import Connection, InboundResponse, Shop
from kupon.hooks.errors import AdapterError
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
        self._refuse(left, "The code can't be applied")
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
                self._refuse([each], _why(verdict))
            order = [each for each in said if said[each].get("status") == "APPLICABLE"]
            return sorted(left, key=lambda each: order.index(each.code)), True
        bad = [(each, said) for each, said in out if said.get("status") == "INAPPLICABLE"] or out
        for each, verdict in bad:
            self._refuse([each], _why(verdict))
        gone = [each for each, _ in bad]
        return [each for each in asked if each not in gone], False

    def _settle(self, counted: Sequence[Code], answer: Json) -> tuple[Priced, list[Code]]:
        """What an answer means for the cart, and the codes whose free units are not to be had."""
        order = answer["order"]
        steps = {str(each["id"]): each for each in answer["redeemables"]}
        shipping = self._settings["free_shipping_product"]
        gifts: list[Gift] = []
        lost: list[Code] = []
        known: dict[str, Gift | None] = {}
        ships_free = False
        for units in added_units(order):
            if shipping in (units.product, units.source_id):
                ships_free = True
                continue
            if units.source_id not in known:
                known[units.source_id] = self._find_gift(units.source_id)
            gift = known[units.source_id]
            givers = [each for each in counted if units.source_id in _given(steps[each.code])]
            if gift is None:
                lost += givers
            else:
                gifts += [gift] * units.quantity
        told = [_counted(each, steps[each.code], shipping) for each in counted]
        return Priced(
            order=order,
            codes=told,
            gifts=gifts,
            limit=(answer.get("stacking_rules") or {}).get("redeemables_limit"),
            session=self._key,
            ships_free=ships_free,
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


def check_order(order: Json, connection: Connection, shop: Shop) -> InboundResponse:
    """Let an order hold its codes until it is paid; refuse it where the shop wants that."""
    used = codes.applied(order)
    settings = connection.settings
    if not used:
        return unchanged()
    body: dict[str, Any] = {
        "redeemables": codes.redeemables(used),
        "order": {"items": lines.items_of(order, settings)},
        "session": {
            "type": "LOCK",
            "key": session_key(order, connection.id),
            "ttl": settings["lock_ttl_seconds"],
            "ttl_unit": "SECONDS",
        },
    }
    customer = buyer(order, settings)
    answer = shop.validate(body | ({"customer": customer} if customer is not None else {}))
    if answer["valid"] or not settings["block_on_invalid"]:
        return unchanged()
    refused = [each for each in answer["redeemables"] if each.get("status") != "APPLICABLE"]
    told = ", ".join(f"{each['id']}: {_why(each)}" for each in refused)
    error = {"code": "InvalidInput", "message": f"Codes that no longer hold: {told}"}
    return InboundResponse(status=400, body={"errors": [error]})


def unchanged() -> InboundResponse:
    """What the extension answers where nothing is to change."""
    return InboundResponse(body={"actions": []})


def price(
    action: str,
    kind: str,
    content: Json,
    *,
    connection: Connection,
    client: CommercetoolsClient,
    shop: Shop,
) -> InboundResponse:
    """Answer a call of the extension."""
    try:
        if kind == "cart":
            pricing = CartPricing(content, connection, client, shop)
            return InboundResponse(body={"actions": pricing.actions(action)})
        if kind == "order" and action == "Create":
            return check_order(content, connection, shop)
    except (KuponError, AdapterError):
        return unchanged()
    return unchanged()


def _counted(code: Code, step: Json, shipping: str) -> Code:
    order = step.get("order") or {}
    given = _given(step)
    value: int | str = order.get("total_applied_discount_amount", 0)
    if shipping in given:
        value = "FREE SHIPPING"
    gifts = tuple(each for each in given if each != shipping)
    return replace(code, status=codes.APPLIED, value=value, gifts=gifts, message=None)


def _given(step: Json) -> list[str]:
    """The source ids of the units that one redeemable has added."""
    return [
        str(each.get("source_id"))
        for each in (step.get("order") or {}).get("items") or ()
        if int(each.get("applied_quantity") or 0) > 0 and _is_added(each)
    ]


def _is_added(item: Json) -> bool:
    quantity = int(item.get("quantity", 0))
    return quantity > int(item.get("initial_quantity", quantity))


def _not_in(tiers: Sequence[Code], others: Sequence[Code]) -> list[Code]:
    known = {each.code for each in others}
    return [each for each in tiers if each.code not in known]


def _told(refused: Sequence[Code]) -> list[Code]:
    """Refused codes that the shopper has entered; tiers that do not fit are nobody's business."""
    return [each for each in refused if each.type == codes.VOUCHER]


def _why(verdict: Json) -> str:
    result = verdict.get("result") or {}
    error = result.get("error") or {}
    own = (error.get("error") or {}).get("message")
    details = (result.get("details") or {}).get("message")
    return str(own or error.get("message") or details or "The code can't be applied")
