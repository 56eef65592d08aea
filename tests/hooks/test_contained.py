"""What plugins add to the engine: whatever it does, it breaks nothing but itself."""

from __future__ import annotations

import pytest

from kupon.engine.conditions import Values
from kupon.hooks.contained import (
    contain_generator,
    contain_kind,
    contain_operator,
    hand_over,
)
from kupon.hooks.types import APPLY_TO_ORDER, Applied, DefinitionError, Order, Refusal, Sent

ORDER = Order(amount=1000, initial_amount=1000)
GONE = Refusal("invalid_voucher")


class Zebra:
    """A discount that does what it is told."""

    type = "ZEBRA"
    effect = APPLY_TO_ORDER
    members = ("parameters",)

    def __init__(self, act):
        self.act = act

    def apply(self, order, situation=None):
        return self.act(order)


def breaking(*_):
    raise RuntimeError("stripes")


def discount(act):
    return contain_kind("zebra", lambda definition, path: Zebra(act))({}, ".discount")


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(breaking, id="raises"),
        pytest.param(lambda order: None, id="returns nothing"),
        pytest.param(lambda order: Refusal("no_such_key"), id="refuses for no known reason"),
        pytest.param(
            lambda order: Applied(
                order=Order(amount=1000, initial_amount=1000, discount_amount=0.5)
            ),
            id="half a cent",
        ),
    ],
)
def test_a_discount_that_breaks_refuses(act, caplog):
    assert discount(act).apply(ORDER) == GONE
    [record] = caplog.records
    assert record.plugin == "zebra"


def test_a_discount_that_is_well_is_left_alone(caplog):
    found = discount(lambda order: Applied(order=order))
    assert (found.type, found.effect, found.members) == ("ZEBRA", APPLY_TO_ORDER, ("parameters",))
    assert found.apply(ORDER) == Applied(order=ORDER)
    refusal = Refusal("order_rules_violated")
    assert discount(lambda order: refusal).apply(ORDER) is refusal
    assert caplog.records == []


@pytest.mark.parametrize("kind", [breaking, lambda definition, path: None])
def test_a_kind_that_can_not_read_refuses_the_definition(kind):
    with pytest.raises(DefinitionError, match=r"\.discount can't be read by plugin zebra"):
        contain_kind("zebra", kind)({}, ".discount")


def test_what_a_plugin_refuses_itself_is_told_as_it_says():
    def choosy(*_):
        raise DefinitionError(".discount.stripes", "must be even")

    with pytest.raises(DefinitionError, match="must be even"):
        contain_kind("zebra", choosy)({}, ".discount")
    with pytest.raises(DefinitionError, match="must be even"):
        contain_operator("zebra", choosy)(values())


def values():
    return Values(items=("x",), kind="text", path=".rules.1", key="invalid_payload")


def test_a_condition_that_breaks_is_not_true_and_tells_once(caplog):
    test = contain_operator("zebra", lambda given: breaking)(values())
    assert [test("x", None), test("y", None)] == [False, False]
    assert [record.plugin for record in caplog.records] == ["zebra"]


@pytest.mark.parametrize("operator", [breaking, lambda given: None])
def test_an_operator_that_can_not_read_refuses_the_rule(operator):
    with pytest.raises(DefinitionError, match=r"\.rules\.1 can't be read by plugin zebra"):
        contain_operator("zebra", operator)(values())


@pytest.mark.parametrize("generator", [breaking, lambda code, random: 5])
def test_a_generator_that_breaks_makes_no_code(generator):
    with pytest.raises(DefinitionError, match="generator of plugin zebra has failed") as caught:
        contain_generator("zebra", generator)("AB", lambda limit: 0)
    assert caught.value.key == "invalid_code_config"


class Drum:
    """A sink that answers as it is told."""

    kind = "drum"

    def __init__(self, act):
        self.act = act

    def send(self, endpoint, events, http):
        return self.act(events)


ARRIVED = Sent(is_done=True)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(breaking, id="raises"),
        pytest.param(lambda events: None, id="answers nothing"),
        pytest.param(lambda events: [ARRIVED], id="answers too few"),
        pytest.param(lambda events: [True, True], id="answers something else"),
    ],
)
def test_of_a_sink_that_breaks_nothing_has_arrived(act, caplog):
    first, second = hand_over(Drum(act), None, ["one", "two"], None)
    assert (first.is_done, second.is_done) == (False, False)
    assert first.reason.startswith("drum has failed (")
    # Not tried, so that it does not count as a failure of its own.
    assert second.reason == ""
    [record] = caplog.records
    assert record.plugin == "drum"


def test_a_sink_that_is_well_is_left_alone(caplog):
    assert hand_over(Drum(lambda events: (ARRIVED, ARRIVED)), None, ["one", "two"], None) == [
        ARRIVED,
        ARRIVED,
    ]
    assert caplog.records == []
