"""How discounts of plugins take money off, in the same way as those of the engine.

`select` finds the lines that an incentive covers, `take_from_items` and `take_from_order` give the
next order; an order is never changed in place. Amounts are whole minor units.
"""

from kupon.engine.pricing import item_base as item_base
from kupon.engine.pricing import order_base as order_base
from kupon.engine.pricing import take_from_items as take_from_items
from kupon.engine.pricing import take_from_order as take_from_order
from kupon.engine.selection import Pick as Pick
from kupon.engine.selection import limited as limited
from kupon.engine.selection import select as select
from kupon.kit.money import percent_of as percent_of
from kupon.kit.money import round_half_up as round_half_up
