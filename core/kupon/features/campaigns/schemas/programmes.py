"""What referral and loyalty programmes have besides."""

from __future__ import annotations

from typing import Any

from kupon.web.fields import (
    Part,
    Text,
    Whole,
    WireSchema,
)


class RewardParent(WireSchema):
    """The campaign of the cards to which referees' rewards go."""

    id = Text(allow_none=True)
    name = Text(allow_none=True)
    object = Text(allow_none=True)


class _WrittenWhole(Whole):
    """An integer that stays text where it was sent as text."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        number = super()._deserialize(value)
        return str(number) if isinstance(value, str) else number


class RefereeReward(WireSchema):
    """What is put on a card of those who were referred."""

    related_object_parent = Part(RewardParent, allow_none=True)
    type = Text(allow_none=True)
    # UNCERTAIN: an integer for the reference's interface, text for its events and its SDK.
    amount = _WrittenWhole(allow_none=True)


class ConversionEvent(WireSchema):
    """The custom event that makes a referral count."""

    id = Text(allow_none=True)
    name = Text(allow_none=True)


class ReferralProgram(WireSchema):
    """What makes a referral count, and what the referred get for it."""

    conversion_event_type = Text(allow_none=True)
    custom_event = Part(ConversionEvent, allow_none=True)
    referee_reward = Part(RefereeReward, allow_none=True)


class TierStart(WireSchema):
    """When a tier begins that was reached."""

    type = Text(allow_none=True)


class TierRounding(WireSchema):
    """To which day the end of a tier is put off; months count from 0 here."""

    type = Text(allow_none=True)
    strategy = Text(allow_none=True)
    unit = Text(allow_none=True)
    value = Whole(allow_none=True)


class TierEnd(WireSchema):
    """When a tier ends that is not kept."""

    type = Text(allow_none=True)
    extend = Text(allow_none=True)
    rounding = Part(TierRounding, allow_none=True)


class TiersExpiration(WireSchema):
    """By what tiers are reached, and how long they are kept."""

    qualification_type = Text(allow_none=True)
    qualification_period = Text(allow_none=True)
    start_date = Part(TierStart, allow_none=True)
    expiration_date = Part(TierEnd, allow_none=True)
