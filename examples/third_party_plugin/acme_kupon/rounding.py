"""ROUND_DOWN: a total that is easy to pay in cash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from kupon.hooks.pricing import take_from_order
from kupon.hooks.types import (
    APPLY_TO_ORDER,
    PLAIN,
    Applied,
    Fields,
    Order,
    RouteRequest,
    Situation,
)


@dataclass(frozen=True, slots=True)
class RoundDown:
    """Takes off whatever a total has above a multiple of the step, in minor units."""

    type: ClassVar[str] = "ROUND_DOWN"
    effect: ClassVar[str] = APPLY_TO_ORDER
    members: ClassVar[tuple[str, ...]] = ("parameters",)
    step: int

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with a round total."""
        return Applied(order=take_from_order(order, (order.total_amount or 0) % self.step))


def parse(definition: Mapping[str, Any], path: str) -> RoundDown:
    """Read `{"type": "ROUND_DOWN", "parameters": {"step": 500}}`."""
    fields = Fields(definition, path)
    parameters = Fields(fields.required("parameters"), fields.place("parameters"))
    step = parameters.required_whole("step")
    if step < 1:
        raise parameters.error("step", "must be >= 1")
    return RoundDown(step)


class Preview(Schema):
    """What the till sends."""

    total = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    step = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class PreviewAnswer(Schema):
    """What the till gets."""

    total = fields.Integer(required=True)


def preview(request: RouteRequest) -> dict[str, Any]:
    """Answer the till."""
    total, step = request.body["total"], request.body["step"]
    return {"total": total - total % step}
