"""Putting units of an article into a cart, and making units of it free.

Source: spec discounts-and-stacking, section 4.4 (matching, amounts).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kupon.engine.order import Item, Order, Replacement
from kupon.engine.situation import Article, Situation
from kupon.kit.money import round_half_up


class Cart:
    """An order while units of one article come into it; the order given stays as it is.

    UNCERTAIN: an article is found on lines of its own kind only, a product not on those of its
    SKUs (discounts-and-stacking, 4.4).
    """

    def __init__(
        self,
        order: Order,
        situation: Situation,
        unit_type: str,
        places: Sequence[int] | None = None,
    ) -> None:
        """Look the article up; places are the lines that hold it, where they are known."""
        self._order = order
        self._lines = list(order.items)
        self._amount = order.amount
        self._article = situation.articles.get(unit_type) or Article(kind="product", id=unit_type)
        if places is None:
            names = self._article.names | {unit_type}
            places = [index for index, item in enumerate(order.items) if _sells(item, names)]
        self._places = list(places)
        self._has_money = False

    @property
    def paid_quantity(self) -> int:
        """How many units of the article are in the cart and not free."""
        lines = (self._lines[place] for place in self._places)
        return sum((line.quantity or 0) - line.discount_quantity for line in lines)

    def add(self, count: int) -> tuple[int, int]:
        """Put units in: the first line of the article grows, or a line is appended.

        Shapes: returns the index of the line and what the units cost, 0 without a known price.
        """
        if not self._places:
            self._places.append(len(self._lines))
            self._lines.append(_empty_line(self._article))
        place = self._places[0]
        line = self._lines[place]
        price = self._price_of(line)
        quantity = (line.quantity or 0) + count
        if price is None:
            self._lines[place] = line.changed(quantity=quantity)
            return place, 0
        cost = count * price
        self._amount = (self._amount or 0) + cost
        self._lines[place] = line.changed(
            quantity=quantity, price=price, amount=(line.amount or 0) + cost
        )
        return place, cost

    def remove(self, place: int, count: int) -> int:
        """Take units off a line of known amount and return what they cost.

        Shapes: they cost their share of the line, which may have been sent with another amount
            than its price makes; its discount never is more than what is left of it.
        """
        line = self._lines[place]
        amount = line.amount or 0
        cost = round_half_up(Fraction(amount * count, line.units))
        self._amount = (self._amount or 0) - cost
        self._lines[place] = line.changed(
            quantity=line.units - count,
            amount=amount - cost,
            discount_amount=min(line.discount_amount, amount - cost),
            discount_quantity=min(line.discount_quantity, line.units - count),
        )
        return cost

    def report(self, replacement: Replacement) -> None:
        """Note on the target's line which units it replaced, and take its bonus off."""
        place, bonus = replacement.target_index, replacement.target_applied_discount_amount
        line = self._lines[place]
        self._has_money = True
        self._lines[place] = line.changed(
            discount_amount=line.discount_amount + bonus,
            replacements=(*line.replacements, replacement),
        )

    def free(self, count: int, *, is_first_only: bool = False) -> None:
        """Make so many units cost nothing, the earliest lines first."""
        for place in self._places[: 1 if is_first_only else None]:
            line = self._lines[place]
            units = min(count, (line.quantity or 0) - line.discount_quantity)
            if units > 0:
                self._lines[place] = self._with_free(line, units)
                count -= units

    def _with_free(self, line: Item, units: int) -> Item:
        changes = {"discount_quantity": line.discount_quantity + units}
        price = self._price_of(line)
        if line.amount is not None and price is not None:
            self._has_money = True
            off = line.discount_amount + units * price
            changes["discount_amount"] = min(line.amount, off)
        return line.changed(**changes)

    def _price_of(self, line: Item) -> int | None:
        price = line.unit_price
        return self._article.price if price is None else round_half_up(price)

    def freed(self, count: int, *, is_first_only: bool) -> Order:
        """Make units free and return the order."""
        self.free(count, is_first_only=is_first_only)
        return self.order()

    def grown(self, count: int) -> Order:
        """Add units to the article's first line, make as many free and return the order."""
        self.add(count)
        return self.freed(count, is_first_only=True)

    def order(self) -> Order:
        """Return the order with what has been done."""
        return self._order.changed(
            items=tuple(self._lines),
            amount=self._amount,
            has_item_discount=self._order.has_item_discount or self._has_money,
        )


def _sells(item: Item, names: frozenset[str]) -> bool:
    return not names.isdisjoint(item.sku_names or item.product_names)


def _empty_line(article: Article) -> Item:
    return Item(
        quantity=0,
        price=article.price,
        amount=None if article.price is None else 0,
        initial_quantity=0,
        initial_amount=None if article.price is None else 0,
        id=article.line_id,
        product_id=article.product_id or article.id,
        sku_id=article.id if article.kind == "sku" else None,
        source_id=article.source_id,
        related_object=article.kind,
        product=article.product or None,
        sku=article.sku or None,
        product_facts=article.product,
        sku_facts=article.sku,
    )
