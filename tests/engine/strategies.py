"""Random carts, product lists, incentives and stacking rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.engine.asking import Definition, article, category, code, rule

from kupon.engine.collections import ALL_PRODUCTS, Collection, Collections
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Redeemable, StackingRules, Voucher, Worth
from kupon.engine.points import PointsPayment, PointsSpending
from kupon.engine.situation import Article

PRODUCTS = ("a", "b", "c", "free")
SKUS = {"s1": "a", "s2": "b"}
PRICES = {"a": 1000, "b": 2550, "c": 333, "free": 0, "s1": 1100, "s2": 2400}
ARTICLES = (
    *(article(name, PRICES.get(name), line_id=f"ordli_{name}") for name in (*PRODUCTS, "unpriced")),
    *(
        Article(
            kind="sku", id=name, product_id=product, price=PRICES[name], line_id=f"ordli_{name}"
        )
        for name, product in SKUS.items()
    ),
)
COLLECTIONS = Collections(
    {
        "ab": Collection(id="ab", products=frozenset("ab")),
        "bc": Collection(id="bc", products=frozenset("bc")),
        "skus": Collection(id="skus", skus=frozenset(SKUS)),
    }
)
UNIT_TYPES = (*PRODUCTS, *SKUS, "unpriced")

small = st.integers(0, 4)
money = st.integers(1, 5000) | st.integers(0, 5000)


def optionally(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nothing three times out of four."""
    return st.integers(0, 3).flatmap(lambda dice: strategy if dice == 3 else st.none())


# ---- carts -----------------------------------------------------------------------------
names = st.sampled_from(
    [
        *({"product_id": name} for name in (*PRODUCTS, "unpriced")),
        *({"product_id": product, "sku_id": name} for name, product in SKUS.items()),
        {},
    ]
)
figures = st.fixed_dictionaries(
    {
        "quantity": st.sampled_from((1, 2, 3, 6, 1, 2, 0, None)),
        "price": optionally(money),
        "amount": optionally(money),
        "discount_amount": optionally(money),
        "discount_quantity": optionally(small),
        "metadata": st.fixed_dictionaries({"n": small}),
    }
)
lines = st.builds(lambda name, own: {**name, **own}, names, figures)
bodies = st.fixed_dictionaries(
    {
        "items": st.sampled_from((3, 1, 2, 4, 5, 0))
        .flatmap(lambda count: st.lists(lines, min_size=count, max_size=count))
        .map(lambda drawn: [{"id": f"ordli_{place}", **each} for place, each in enumerate(drawn)]),
        "amount": optionally(st.integers(0, 20_000)),
        "discount_amount": optionally(money),
        "metadata": st.fixed_dictionaries({"n": small}),
    }
)

# ---- numbers and their formulas ----------------------------------------------------------
FORMULAS = (
    "ORDER_AMOUNT / 7",
    "ORDER_UNITS_QUANTITY",
    "ORDER_ITEM_PRICE / 3",
    "ORDER_ITEM_SUBTOTAL * 0.125",
    'ORDER_ITEM_METADATA("n") + 1',
    'ORDER_METADATA("n") * 2',
    "IF(ORDER_ITEMS_QUANTITY > 1;CHEAPEST_ORDER_ITEM_PRICE;2)",
    "1 / (ORDER_ITEMS_QUANTITY - 1)",
)
formulas = st.sampled_from(FORMULAS)


@st.composite
def number(draw: Any, name: str, values: st.SearchStrategy[Any], **more: Any) -> dict[str, Any]:
    """A member, in one of five cases by a formula that falls back on it."""
    members = {name: draw(values), **more}
    if draw(st.integers(0, 4)) == 4:
        members[f"{name}_formula"] = draw(formulas)
    return members


# ---- product lists -----------------------------------------------------------------------
ENTRIES = (
    *({"object": "product", "id": name} for name in PRODUCTS),
    {"object": "product", "id": "a", "strict": True},
    *({"object": "sku", "id": name} for name in SKUS),
    *({"object": "products_collection", "id": name} for name in (*COLLECTIONS.by_id, ALL_PRODUCTS)),
)
EFFECTS = (
    "APPLY_TO_EVERY",
    "APPLY_TO_CHEAPEST",
    "APPLY_FROM_CHEAPEST",
    "APPLY_TO_MOST_EXPENSIVE",
    "APPLY_FROM_MOST_EXPENSIVE",
)


@st.composite
def entries(draw: Any) -> dict[str, Any]:
    """A member of a product list, half of them with settings."""
    entry = dict(draw(st.sampled_from(ENTRIES)))
    if draw(st.booleans()):
        return entry
    entry |= {
        "effect": draw(st.sampled_from(EFFECTS)),
        "target": draw(st.sampled_from(("ITEM", "UNIT"))),
        "skip_initially": draw(st.integers(0, 3)),
        "repeat": draw(st.integers(1, 3)),
    }
    for name in ("quantity_limit", "aggregated_quantity_limit"):
        entry |= draw(number(name, optionally(small)))
    for name in ("amount_limit", "aggregated_amount_limit", "price"):
        entry |= draw(number(name, optionally(money)))
    return entry


lists = st.fixed_dictionaries(
    {
        "included": st.lists(entries(), max_size=3),
        "excluded": optionally(st.sampled_from(ENTRIES)).map(
            lambda entry: [] if entry is None else [entry]
        ),
        "included_all": st.sampled_from((False, False, True)),
    }
)

# ---- what incentives are worth -------------------------------------------------------------
effects = st.sampled_from([None, "APPLY_TO_ORDER", "APPLY_TO_ITEMS"])
sums = st.builds(
    lambda sum_off, limit, effect: {"type": "AMOUNT", "effect": effect, **sum_off, **limit},
    number("amount_off", money),
    number("aggregated_amount_limit", optionally(money)),
    effects
    | st.sampled_from(
        [
            "APPLY_TO_ITEMS_PROPORTIONALLY",
            "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
            "APPLY_TO_ITEMS_BY_QUANTITY",
        ]
    ),
)
percentages = st.builds(
    lambda share, own, limit, effect: {
        "type": "PERCENT",
        "effect": effect,
        **share,
        **own,
        **limit,
    },
    number("percent_off", st.decimals(0, 100, places=3).map(str)),
    number("amount_limit", optionally(money)),
    number("aggregated_amount_limit", optionally(money)),
    effects,
)
targets = st.builds(
    lambda target, effect: {"type": "FIXED", "effect": effect, **target},
    number("fixed_amount", money),
    effects,
)
articles = st.sampled_from(UNIT_TYPES)


def grants(
    *effects: str, of: st.SearchStrategy[str] = articles
) -> st.SearchStrategy[dict[str, Any]]:
    """Units of an article, or of those of a collection."""
    return st.builds(
        lambda count, what, effect: {"type": "UNIT", "effect": effect, "unit_type": what, **count},
        number("unit_off", small),
        of,
        st.sampled_from(effects),
    )


single = st.one_of(
    grants("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS"),
    grants("ADD_SAME_ITEMS", of=articles | st.sampled_from(("ab", "bc"))),
)
many = st.lists(single, min_size=1, max_size=2).map(
    lambda units: {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units}
)
replacements = grants("REPLACE_ITEMS")
gifts = st.builds(
    lambda balance, asked, effect: GiftCredits(balance=balance, asked=asked, effect=effect),
    money,
    optionally(money),
    st.sampled_from(("APPLY_TO_ORDER", "APPLY_TO_ITEMS")),
)
coins = st.builds(
    lambda ratio, points, asked: PointsPayment(
        exchange_ratio=ratio, points_ratio=points, balance=5000, asked=asked
    ),
    st.sampled_from([Decimal(1), Decimal("0.333"), Decimal(0)]),
    st.integers(1, 10),
    st.none() | st.integers(0, 1000) | st.just(5001),
)
rewards = st.integers(0, 5).map(lambda points: PointsSpending(points=points, balance=4))
moneys: st.SearchStrategy[Definition | Worth] = st.one_of(sums, percentages, targets)
units = st.one_of(single, many, replacements)
worths = st.one_of(moneys, moneys, units, gifts, coins, rewards)

# ---- rules, categories, stacks ---------------------------------------------------------------
HIERARCHIES = {"common": 1, "second": 2, "other": 0, "exclusive": 3, "joint": 0}
category_names = st.sampled_from((None, *HIERARCHIES, None, "common", "second"))
BUNDLE = {
    "1": {
        "name": "order.items.any",
        "conditions": {"$is": [{"id": "ab", "type": "products_collection"}]},
        "rules": {"1": {"name": "order.items.aggregated_quantity", "conditions": {"$is": [2]}}},
    },
    "limit": 2,
}
AMOUNTS = ("order.amount", "order.total_amount", "order.initial_amount")


@st.composite
def redeemables(
    draw: Any,
    name: str = "A",
    worth: st.SearchStrategy[Definition | Worth] = worths,
    categories: st.SearchStrategy[str | None] = category_names,
    amounts: tuple[str, ...] = AMOUNTS,
) -> Redeemable:
    """A code, most of them with product lists, some with other rules or out of order."""
    definition: dict[str, Any] = {}
    if draw(st.integers(0, 2)):
        definition["applicable_to"] = draw(lists)
    if draw(st.integers(0, 7)) == 7:
        definition["bundle_rules"] = BUNDLE
    about = None
    if amounts and draw(st.integers(0, 7)) == 7:
        operator = draw(st.sampled_from(("$more_than", "$less_than")))
        about = {"1": {"name": draw(st.sampled_from(amounts)), "conditions": {operator: [2000]}}}
    drawn = draw(categories)
    return code(
        name,
        draw(worth),
        rules=(rule(about, **definition),) if about or definition else (),
        category=None if drawn is None else category(drawn, HIERARCHIES[drawn]),
        is_active=draw(st.integers(0, 7)) < 7,
        is_multiplied=draw(st.booleans()),
    )


@st.composite
def stacks(draw: Any, max_size: int = 5, **settings: Any) -> tuple[Redeemable, ...]:
    """Several codes of different names."""
    count = draw(st.sampled_from((*range(1, max_size + 1), 0)))
    return tuple(draw(redeemables(f"{place}", **settings)) for place in range(count))


stacking_rules = st.builds(
    StackingRules,
    applicable_redeemables_limit=st.sampled_from((5, 2, 30, 30)),
    applicable_redeemables_per_category_limit=st.none() | st.integers(1, 3),
    applicable_redeemables_category_limits=st.just({}) | st.just({"common": 2}),
    applicable_exclusive_redeemables_limit=st.integers(1, 2),
    applicable_exclusive_redeemables_per_category_limit=st.none() | st.just(1),
    exclusive_categories=st.sampled_from(((), ("exclusive",), ())),
    joint_categories=st.just(("joint",)),
    redeemables_application_mode=st.sampled_from(("ALL", "PARTIAL", "PARTIAL")),
    redeemables_sorting_rule=st.sampled_from(("REQUESTED_ORDER", "CATEGORY_HIERARCHY")),
    grouped_redeemables_sorting_rule=st.sampled_from(("JOINT_ALWAYS_LAST", "TOGETHER")),
    redeemables_products_application_mode=st.sampled_from(("STACK", "STACK", "ONCE")),
    redeemables_no_effect_rule=st.sampled_from(("REDEEM_ANYWAY", "REDEEM_ANYWAY", "SKIP")),
    no_effect_skip_categories=st.just(()) | st.just(("common",)),
    no_effect_redeem_anyway_categories=st.just(()) | st.just(("second",)),
    discount_calculation_mode=st.sampled_from(("DISCOUNTED_AMOUNT", "INITIAL_AMOUNT")),
    initial_amount_mode_categories=st.just(()) | st.just(("other",)),
    discounted_amount_mode_categories=st.just(()) | st.just(("common",)),
)


def voucher_of(redeemable: Redeemable) -> Voucher:
    """The code behind a redeemable."""
    assert isinstance(redeemable.source, Voucher)
    return redeemable.source
