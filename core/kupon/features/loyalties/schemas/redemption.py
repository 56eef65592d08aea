"""Wire shapes of members who redeem rewards."""

from __future__ import annotations

from kupon.features.orders.schemas import OrderBody
from kupon.features.redemptions.schemas import Redemption, SimpleCustomer
from kupon.features.validations.schemas import RewardPart
from kupon.features.vouchers.schemas import Voucher
from kupon.web.fields import Json, Part, WireSchema


class RewardRedemptionBody(WireSchema):
    """Which reward a member wants, and the order that is paid."""

    reward = Part(RewardPart)
    order = Part(OrderBody, allow_none=True)
    metadata = Json(allow_none=True)


class SpentCard(Voucher):
    """A card with who holds it."""

    holder = Part(SimpleCustomer)


class MemberRedemption(Redemption):
    """A redemption of a reward."""

    voucher = Part(SpentCard)
