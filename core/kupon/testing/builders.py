"""Builders: objects made through the wire, with obvious defaults; any member can be given.

voucher = make_voucher(api, discount=amount_off(500), redemption={"quantity": 1})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kupon.runtime import ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kupon.testing.client import ApiClient

Body = dict[str, Any]


def make_customer(api: ApiClient, **members: Any) -> Body:
    """A customer with a source_id of its own."""
    body = {"source_id": _name("customer"), "name": "Ada Example", "email": "ada@example.com"}
    return _made(api, "/v1/customers", body | members)


def make_product(api: ApiClient, **members: Any) -> Body:
    """A product at 10.00 with a source_id of its own."""
    body = {"source_id": _name("product"), "name": "Mug", "price": 1000}
    return _made(api, "/v1/products", body | members)


def make_sku(api: ApiClient, product_id: str, **members: Any) -> Body:
    """A variant of a product at 12.00 with a source_id of its own."""
    body = {"source_id": _name("sku"), "sku": "Large mug", "price": 1200}
    return _made(api, f"/v1/products/{product_id}/skus", body | members)


def make_campaign(api: ApiClient, *, discount: Body | None = None, **members: Any) -> Body:
    """A campaign of discount coupons, 10 % off the order, without codes yet.

    Shapes:  `voucher` members besides the discount are given as `voucher={...}`.
    """
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": discount or percent_off(10)}
    body = {"name": _name("Campaign"), "campaign_type": "DISCOUNT_COUPONS", "type": "STATIC"}
    voucher |= members.pop("voucher", {})
    return _made(api, "/v1/campaigns", body | {"voucher": voucher} | members)


def assigned_to(
    *, areas: Sequence[str] = (), all_stores: Sequence[str] = (), stores: Sequence[str] = ()
) -> Body:
    """The member of a campaign that assigns it to areas and stores by their ids."""
    places = {
        "areas_ids": [*areas],
        "area_all_stores_ids": [*all_stores],
        "area_stores_ids": [*stores],
    }
    return {"access_settings": {"assign": places}}


def make_promotion(api: ApiClient, *tiers: Body, **members: Any) -> Body:
    """A campaign of promotions with these tiers; see `tier`."""
    body = {"name": _name("Promotion"), "campaign_type": "PROMOTION"}
    return _made(api, "/v1/campaigns", body | {"promotion": {"tiers": list(tiers)}} | members)


def make_tier(api: ApiClient, campaign_id: str, **members: Any) -> Body:
    """A tier added to a campaign of promotions; see `tier`."""
    return _made(api, f"/v1/promotions/{campaign_id}/tiers", tier(**members))


def make_stack(api: ApiClient, campaign_id: str, *tier_ids: str, **members: Any) -> Body:
    """A stack of tiers of one campaign."""
    body = {"name": _name("Stack"), "tiers": {"ids": list(tier_ids)}}
    return _made(api, f"/v1/promotions/{campaign_id}/stacks", body | members)


def make_voucher(
    api: ApiClient, code: str | None = None, *, discount: Body | None = None, **members: Any
) -> Body:
    """A standalone voucher, 10 % off the order, as often as one likes."""
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount or percent_off(10)}
    return _made(api, f"/v1/vouchers/{code or _name('CODE')}", body | members)


def make_publication(api: ApiClient, customer: Body, **members: Any) -> Body:
    """A publication to a customer, as it was answered, of a `voucher` or of a `campaign`."""
    body = {"customer": {"id": customer["id"]}}
    return _made(api, "/v1/publications", body | members)


def make_gift_card(
    api: ApiClient, code: str | None = None, amount: int = 1000, **gift: Any
) -> Body:
    """A standalone gift card; members besides those of `gift` are given as `voucher={...}`."""
    body = {"type": "GIFT_VOUCHER"} | gift.pop("voucher", {})
    body |= {"gift": {"amount": amount, **gift}}
    return _made(api, f"/v1/vouchers/{code or _name('GIFT')}", body)


def make_gift_campaign(api: ApiClient, amount: int = 1000, **members: Any) -> Body:
    """A campaign of gift cards, without codes yet; `voucher` members as `voucher={...}`."""
    voucher = {"type": "GIFT_VOUCHER", "gift": {"amount": amount}} | members.pop("voucher", {})
    body = {"name": _name("Gifts"), "campaign_type": "GIFT_VOUCHERS", "type": "STATIC"}
    return _made(api, "/v1/campaigns", body | {"voucher": voucher} | members)


def make_programme(api: ApiClient, points: int = 0, **members: Any) -> Body:
    """A loyalty programme without cards, which makes them as customers join.

    Shapes:  `expiration_rules` are those of its points; `voucher` members as `voucher={...}`.
    """
    card: Body = {"points": points}
    if "expiration_rules" in members:
        card["expiration_rules"] = members.pop("expiration_rules")
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": card} | members.pop("voucher", {})
    body = {"name": _name("Programme"), "type": "AUTO_UPDATE", "voucher": voucher}
    return _made(api, "/v1/loyalties", body | members)


def make_member(api: ApiClient, programme: Body, customer: Body, **members: Any) -> Body:
    """The loyalty card by which a customer joins a programme."""
    body = {"customer": {"id": customer["id"]}} | members
    return _made(api, f"/v1/loyalties/{programme['id']}/members", body)


def make_reward(api: ApiClient, **members: Any) -> Body:
    """A reward that pays for orders, 1.00 for each point; others by their `parameters`."""
    coin = {"coin": {"exchange_ratio": 1, "points_ratio": 1}}
    return _made(api, "/v1/rewards", {"name": _name("Reward"), "parameters": coin} | members)


def make_campaign_reward(
    api: ApiClient, campaign: Body, balance: int | None = None, **members: Any
) -> Body:
    """A reward out of a campaign: a code, or so many credits or points."""
    meant = {"id": campaign["id"]} | ({} if balance is None else {"balance": balance})
    return make_reward(api, parameters={"campaign": meant}, **members)


def make_material_reward(api: ApiClient, stock: int | None = None, **members: Any) -> Body:
    """A mug as a reward, of which there are so many."""
    product = {"product": {"id": make_product(api)["id"]}}
    return make_reward(api, parameters=product, stock=stock, **members)


def assign_reward(
    api: ApiClient, reward: Body, programme: Body, points: int | None = None, **members: Any
) -> Body:
    """The assignment by which a programme offers a reward; `auto_redeem` as a member."""
    body: Body = {"campaign": programme["id"]}
    if points is not None:
        price = {"points": points, "auto_redeem": members.pop("auto_redeem", False)}
        body["parameters"] = {"loyalty": price}
    return _made(api, f"/v1/rewards/{reward['id']}/assignments", body | members)


def make_referral_campaign(api: ApiClient, *, discount: Body | None = None, **members: Any) -> Body:
    """A referral campaign without codes, 10 % off the order, that redemptions convert.

    Shapes:  members of `referral_program` are given as `referral_program={...}`.
    """
    program = {"conversion_event_type": "redemption"} | members.pop("referral_program", {})
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": discount or percent_off(10)}
    body = {"name": _name("Referrals"), "campaign_type": "REFERRAL_PROGRAM", "type": "AUTO_UPDATE"}
    definition: Body = {"voucher": voucher, "referral_program": program}
    return _made(api, "/v1/campaigns", body | definition | members)


def make_rule(api: ApiClient, **members: Any) -> Body:
    """A validation rule without conditions."""
    body = {"name": _name("Rule"), "rules": {"logic": ""}}
    return _made(api, "/v1/validation-rules", body | members)


def tier(*, discount: Body | None = None, **members: Any) -> Body:
    """The body of a promotion tier, 10 % off the order."""
    return {"name": _name("Tier"), "action": {"discount": discount or percent_off(10)}} | members


def percent_off(percent: float, **members: Any) -> Body:
    """A discount of a share of the order's amount; `effect`, `amount_limit` as members."""
    return {"type": "PERCENT", "percent_off": percent, **members}


def amount_off(amount: int, **members: Any) -> Body:
    """A discount of so many minor units; `effect` as a member."""
    return {"type": "AMOUNT", "amount_off": amount, **members}


def fixed_amount(amount: int, **members: Any) -> Body:
    """A discount down to so many minor units; `effect` as a member."""
    return {"type": "FIXED", "fixed_amount": amount, **members}


def free_units(unit_type: str, count: int = 1, **members: Any) -> Body:
    """A discount of units of a product or SKU that cost nothing; `effect` as a member."""
    return {"type": "UNIT", "unit_off": count, "unit_type": unit_type, **members}


def included(*entries: Body, excluded: tuple[Body, ...] = (), **members: Any) -> Body:
    """The product lists of a rule; see `entry`."""
    lists = {"included": list(entries), "excluded": list(excluded), "included_all": False}
    return lists | members


def entry(article: Body, **settings: Any) -> Body:
    """A product, SKU or collection, as it was answered, as a member of a rule's product lists."""
    return {"object": article["object"], "id": article["id"], **settings}


def bundle_of(*parts: tuple[Body, int], limit: int = 1) -> Body:
    """The `bundle_rules` of a rule: so many units of each article, as it was answered."""
    rules = [_bundle_part(article, quantity) for article, quantity in parts]
    return {"limit": limit} | {str(number): rule for number, rule in enumerate(rules, 1)}


def _bundle_part(article: Body, quantity: int) -> Body:
    is_collection = article["object"] == "products_collection"
    kind = "products_collection" if is_collection else "product_or_sku"
    meant = {"id": article["id"], "type": kind, "object": article["object"]}
    count = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}
    return {
        "name": "order.items.any",
        "conditions": {"$is": [meant]},
        "rules": {"1": {**count, "rules": {}}, "logic": "1"},
    }


def line(article: Body, quantity: int = 1, **members: Any) -> Body:
    """A product or SKU, as it was answered, as a line of an order at its stored price."""
    return {f"{article['object']}_id": article["id"], "quantity": quantity, **members}


def cart(*lines: tuple[int, int], **members: Any) -> Body:
    """An order of (quantity, price) lines, each of a product of its own."""
    items = [
        {"source_id": f"line-{number}", "product_id": f"p{number}"}
        | {"related_object": "product", "quantity": quantity, "price": price}
        for number, (quantity, price) in enumerate(lines, 1)
    ]
    return {"items": items} | members


def redeemable(code: str, **members: Any) -> Body:
    """A voucher as a member of `redeemables`."""
    return {"object": "voucher", "id": code, **members}


def promotion_tier(tier_id: str) -> Body:
    """A promotion tier as a member of `redeemables`."""
    return {"object": "promotion_tier", "id": tier_id}


def promotion_stack(stack_id: str) -> Body:
    """A promotion stack as the only member of `redeemables`."""
    return {"object": "promotion_stack", "id": stack_id}


def _name(kind: str) -> str:
    return ids.new_id(f"{kind}-")


def _made(api: ApiClient, path: str, body: Body) -> Body:
    made: Body = api.post(path, json=body).expect()
    return made
