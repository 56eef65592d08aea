"""The golden carts: twelve carts with codes, and what they must cost to the last cent.

They are calculated by hand, and hold for the engine and for every platform alike. `prepare` makes
what a cart's codes stand for in a project of its own; a played platform then asks for its price.

Source: house B10 (C1); spec discounts-and-stacking, sections 1, 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kupon.testing import builders

if TYPE_CHECKING:
    from kupon.testing.client import ApiClient

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoldenShop:
    """A project in which a cart's incentives are made; articles are its SKUs by source id."""

    api: ApiClient
    management_api: ApiClient
    project_id: str
    articles: dict[str, Body] = field(default_factory=dict)

    def stock(self, *lines: CartLine) -> None:
        """Have the articles of some lines, each a SKU of a product."""
        for line in lines:
            product = builders.make_product(
                self.api, source_id=line.product, name=line.product, price=line.price
            )
            self.articles[line.sku] = builders.make_sku(
                self.api, product["id"], source_id=line.sku, sku=line.sku, price=line.price
            )

    def code(self, code: str, discount: Body, **members: Any) -> str:
        """Have a code."""
        builders.make_voucher(self.api, code, discount=discount, **members)
        return code


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """A line of a cart.

    Shapes: id is unlike all others of the cart; product and sku are source ids.
    Units:  price of one before any discount, in minor units.
    """

    id: str
    product: str
    sku: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CartTotals:
    """What a cart costs on the platform once Kupon's answer was followed.

    Shapes: lines have what each one costs, by its id, with the discounts that the platform gives on
        the line; lines that are free count too, and are found by the sku in `units`, which has how
        many of each there are. keeps says whether the platform still holds effects of Kupon.
    Units:  minor units; total is what is left to be paid.
    """

    total: int
    lines: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    keeps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCart:
    """A cart and what it must cost.

    Shapes: case names it; codes are those that the shopper has entered, and `asked` has what is
        sent besides for a code (the reward that is paid with); key is the platform's cart, and the
        same through all changes. articles are the units that may be added for free, at their
        price. lines_cost is given where discounts belong to lines, by the line's id; units are what
        must be in the cart in the end, by sku, where that changes.
    Units:  minor units; cost is what is left to be paid.
    """

    case: str
    cost: int
    lines: tuple[CartLine, ...] = ()
    codes: tuple[str, ...] = ()
    asked: Mapping[str, Body] = field(default_factory=dict)
    currency: str = "EUR"
    key: str = "cart-1"
    customer: str = "customer-1"
    taxes_included: bool = True
    articles: tuple[CartLine, ...] = ()
    lines_cost: Mapping[str, int] | None = None
    units: Mapping[str, int] | None = None
    setup: Callable[[GoldenShop, GoldenCart], GoldenCart] = field(repr=False)

    @property
    def amount(self) -> int:
        """What it costs without any discount."""
        return sum(line.price * line.quantity for line in self.lines)

    @property
    def redeemables(self) -> list[Body]:
        """Its codes as the API takes them."""
        return [builders.redeemable(code, **self.asked.get(code, {})) for code in self.codes]

    @property
    def order(self) -> Body:
        """It as an order of the API."""
        items = [
            {
                "source_id": line.sku,
                "related_object": "sku",
                "quantity": line.quantity,
                "price": line.price,
            }
            for line in self.lines
        ]
        return {"items": items}

    def prepare(self, shop: GoldenShop) -> GoldenCart:
        """Make its articles and incentives; the cart with the codes in it."""
        shop.stock(*self.lines, *self.articles)
        builders.make_customer(shop.api, source_id=self.customer)
        return self.setup(shop, self)

    def without_codes(self) -> GoldenCart:
        """The same cart once the shopper has removed the codes."""
        return replace(self, codes=(), asked={}, cost=self.amount, lines_cost=None, units=None)


def _line(number: int, quantity: int, price: int) -> CartLine:
    name = f"article-{number}"
    return CartLine(
        id=f"line-{number}", product=name, sku=f"{name}-x", quantity=quantity, price=price
    )


def _coded(*discounts: Body) -> Callable[[GoldenShop, GoldenCart], GoldenCart]:
    """A cart with one code for each discount."""

    def setup(shop: GoldenShop, cart: GoldenCart) -> GoldenCart:
        codes = [shop.code(f"GOLD-{number}", each) for number, each in enumerate(discounts, 1)]
        return replace(cart, codes=tuple(codes))

    return setup


def _free_pen(shop: GoldenShop, cart: GoldenCart) -> GoldenCart:
    (pen,) = cart.articles
    discount = builders.free_units(shop.articles[pen.sku]["id"], effect="ADD_NEW_ITEMS")
    return replace(cart, codes=(shop.code("GOLD-PEN", discount),))


def _exclusive_and_joint(shop: GoldenShop, cart: GoldenCart) -> GoldenCart:
    """An exclusive code goes first, a joint one goes with it, the third is passed over."""
    names = ("Exclusive", "Joint")
    made = [shop.api.post("/v1/categories", json={"name": n, "hierarchy": 1}) for n in names]
    exclusive, joint = (answer.expect()["id"] for answer in made)
    rules = {"exclusive_categories": [exclusive], "joint_categories": [joint]}
    path = f"/management/v1/projects/{shop.project_id}/stacking-rules"
    shop.management_api.post(path, json=rules).expect()
    codes = (
        shop.code("GOLD-PLAIN", builders.amount_off(300)),
        shop.code("GOLD-JOINT", builders.percent_off(10), category_id=joint),
        shop.code("GOLD-ONLY", builders.amount_off(500), category_id=exclusive),
    )
    return replace(cart, codes=codes)


def _gift_card(shop: GoldenShop, cart: GoldenCart) -> GoldenCart:
    builders.make_gift_card(shop.api, "GOLD-GIFT", 1000)
    return replace(cart, codes=("GOLD-GIFT",))


def _points(shop: GoldenShop, cart: GoldenCart) -> GoldenCart:
    """0.20 for each point: 150 of them pay 30.00."""
    programme = builders.make_programme(shop.api, points=500)
    customer = shop.api.get(f"/v1/customers/{cart.customer}").expect()
    card = builders.make_member(shop.api, programme, customer)
    ratio = {"coin": {"exchange_ratio": 0.2, "points_ratio": 1}}
    reward = builders.make_reward(shop.api, parameters=ratio)
    builders.assign_reward(shop.api, reward, programme)
    asked = {card["code"]: {"reward": {"id": reward["id"], "points": 150}}}
    return replace(cart, codes=(card["code"],), asked=asked)


GOLDEN_CARTS: Mapping[str, GoldenCart] = {
    cart.case: cart
    for cart in (
        GoldenCart(
            case="single-line",
            lines=(_line(1, 1, 1000),),
            setup=_coded(builders.percent_off(20)),
            cost=800,
        ),
        # 10 % of 105, 205 and 305 is 10.5, 20.5 and 30.5: each line is rounded up by itself.
        GoldenCart(
            case="uneven-cents",
            lines=(_line(1, 1, 105), _line(2, 1, 205), _line(3, 1, 305)),
            setup=_coded(builders.percent_off(10, effect="APPLY_TO_ITEMS")),
            lines_cost={"line-1": 94, "line-2": 184, "line-3": 274},
            cost=552,
        ),
        GoldenCart(
            case="percent-capped",
            lines=(_line(1, 2, 3000),),
            setup=_coded(builders.percent_off(50, amount_limit=1000)),
            cost=5000,
        ),
        GoldenCart(
            case="amount-above-order",
            lines=(_line(1, 1, 700),),
            setup=_coded(builders.amount_off(1000)),
            cost=0,
        ),
        GoldenCart(
            case="free-unit",
            lines=(_line(1, 1, 1000),),
            articles=(_line(2, 1, 300),),
            setup=_free_pen,
            units={"article-1-x": 1, "article-2-x": 1},
            cost=1000,
        ),
        GoldenCart(
            case="two-stacked",
            lines=(_line(1, 1, 10_000),),
            setup=_coded(builders.percent_off(10), builders.amount_off(500)),
            cost=8500,
        ),
        GoldenCart(
            case="exclusive-and-joint",
            lines=(_line(1, 1, 10_000),),
            setup=_exclusive_and_joint,
            # 5.00 by the exclusive one, then 10 % of 95.00.
            cost=8550,
        ),
        GoldenCart(
            case="gift-card-partial", lines=(_line(1, 1, 2500),), setup=_gift_card, cost=1500
        ),
        GoldenCart(case="pay-with-points", lines=(_line(1, 1, 10_000),), setup=_points, cost=7000),
        # 10 % of 1833 is 183.3.
        GoldenCart(
            case="zero-decimal",
            lines=(_line(1, 1, 333), _line(2, 3, 500)),
            currency="JPY",
            setup=_coded(builders.percent_off(10)),
            cost=1650,
        ),
        GoldenCart(
            case="taxes-included",
            lines=(_line(1, 1, 1190),),
            taxes_included=True,
            setup=_coded(builders.percent_off(10)),
            cost=1071,
        ),
        GoldenCart(case="empty", setup=_coded(builders.percent_off(10)), cost=0),
    )
}
