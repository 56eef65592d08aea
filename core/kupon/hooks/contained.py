"""What plugins add, kept from breaking what uses it.

What raises, or returns what can't be used, is logged with its plugin's name, and counts as if the
plugin were gone: a discount refuses, a rule is not True, a code is not made, an event not sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kupon.hooks.http import HttpClient
from kupon.hooks.types import (
    PLAIN,
    Applied,
    CodeGenerator,
    DefinitionError,
    Discount,
    DiscountKind,
    Endpoint,
    EventEnvelope,
    EventSink,
    Moment,
    Operator,
    Order,
    Outcome,
    Refusal,
    Sent,
    Situation,
    Test,
    Values,
)
from kupon.kit.error_catalogue import CATALOGUE

_log = logging.getLogger("kupon.plugins")

_GONE = Refusal("invalid_voucher")


def is_refusal(answer: object) -> bool:
    """Whether a plugin has refused in a way that callers can be told."""
    return isinstance(answer, Refusal) and answer.key in CATALOGUE


def contain_kind(plugin: str, kind: DiscountKind) -> DiscountKind:
    """A kind of discounts whose failures are its plugin's own."""

    def read(definition: Mapping[str, Any], path: str, /) -> Discount:
        try:
            discount = kind(definition, path)
            return _Contained(
                plugin, discount, discount.type, discount.effect, tuple(discount.members)
            )
        except DefinitionError:
            raise
        except Exception:  # noqa: BLE001 - somebody else's code may raise anything
            _note(plugin, "a discount could not be read")
            raise DefinitionError(path, f"can't be read by plugin {plugin}") from None

    return read


@dataclass(frozen=True, slots=True)
class _Contained:
    plugin: str
    discount: Discount
    type: str
    effect: str | None
    members: Sequence[str]

    def apply(self, order: Order, situation: Situation = PLAIN, /) -> Outcome:
        try:
            outcome = self.discount.apply(order, situation)
            if is_refusal(outcome) or _is_applied(outcome):
                return outcome
            raise TypeError(f"{self.type} returned {outcome!r:.200}")
        except Exception:  # noqa: BLE001 - as above
            _note(self.plugin, "a discount could not be applied")
            return _GONE


def _is_applied(outcome: object) -> bool:
    """Whether a discount was taken off in whole minor units."""
    if not (isinstance(outcome, Applied) and isinstance(outcome.order, Order)):
        return False
    amounts = (outcome.order.total_amount, outcome.order.total_discount_amount)
    return all(amount is None or type(amount) is int for amount in amounts)


def contain_operator(plugin: str, operator: Operator) -> Operator:
    """An operator whose failures are its plugin's own; each test tells of its first one."""

    def read(values: Values) -> Test:
        try:
            test = operator(values)
            if callable(test):
                return _contained_test(plugin, test)
            raise TypeError(f"an operator returned {test!r:.200}")
        except DefinitionError:
            raise
        except Exception:  # noqa: BLE001 - as above
            _note(plugin, "a condition could not be read")
            raise values.error(f"can't be read by plugin {plugin}") from None

    return read


def _contained_test(plugin: str, test: Test) -> Test:
    is_noted = False

    def ask(subject: Any, moment: Moment) -> bool:
        nonlocal is_noted
        try:
            return bool(test(subject, moment))
        except Exception:  # noqa: BLE001 - as above
            if not is_noted:
                _note(plugin, "a condition could not be tested")
            is_noted = True
            return False

    return ask


def contain_generator(plugin: str, generator: CodeGenerator) -> CodeGenerator:
    """A generator whose failures are its plugin's own."""

    def make(code: str, random: Callable[[int], int]) -> str:
        try:
            made = generator(code, random)
            if isinstance(made, str):
                return made
            raise TypeError(f"a generator returned {made!r:.200}")
        except Exception:  # noqa: BLE001 - as above
            _note(plugin, "a code could not be made")
            text = f"of plugin {plugin} has failed"
            key = "invalid_code_config"
            raise DefinitionError(".code_config.generator", text, key) from None

    return make


def hand_over(
    sink: EventSink, endpoint: Endpoint, events: Sequence[EventEnvelope], http: HttpClient
) -> Sequence[Sent]:
    """What became of events that a sink was given; where it breaks, none has arrived."""
    try:
        results = list(sink.send(endpoint, events, http))
        if len(results) == len(events) and all(isinstance(each, Sent) for each in results):
            return results
        raise TypeError(f"{len(events)} events were answered with {results!r:.200}")
    except Exception as error:  # noqa: BLE001 - as above
        _note(sink.kind, "events could not be sent")
        reason = f"{sink.kind} has failed ({type(error).__name__})"
        return [Sent(is_done=False, reason=reason), *[Sent(is_done=False)] * (len(events) - 1)]


def _note(plugin: str, what: str) -> None:
    _log.exception(what, extra={"plugin": plugin})
