"""The language of rules: how nodes are joined, what is unknown, and which failure is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.engine.conditions import Moment
from kupon.engine.filters import Surroundings
from kupon.engine.registry import DuplicateEntry
from kupon.engine.rules import (
    NOTHING,
    STANDARD_RULES,
    Failure,
    Judgement,
    NodeDefinition,
    Reading,
    RuleKind,
    Subject,
    parse_rule,
)
from kupon.engine.rules.logic import MOST_BRACKETS, Join, LogicError, parse_logic

MOMENT = Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), UTC)
SUBJECT = Subject(moment=MOMENT, surroundings=Surroundings(MOMENT), object="voucher")
TRUTHS = {"yes": True, "no": False, "maybe": None}


def read(node: NodeDefinition) -> Reading:
    truth = TRUTHS[node.name]
    return Reading(check=lambda _subject, _match: truth)


VIOLATED = Failure("redemption_rules_violated", "redemption does not match validation rules")
NAMES = STANDARD_RULES
for name in TRUTHS:
    NAMES = NAMES.extended(name, RuleKind(read=read, violated=VIOLATED))


def judge(rules: dict[str, Any], omitted: Any = NOTHING) -> Judgement:
    return parse_rule("val_1", {"rules": rules}, NAMES).judge(SUBJECT, omitted)


def node(name: str, text: str | None = None, **nested: Any) -> dict[str, Any]:
    return {"name": name, "error": {"message": text}, "rules": nested}


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("", None),
        (" \n", None),
        ("1", "1"),
        ("((1))", "1"),
        ("1 and 2", Join("and", ("1", "2"))),
        ("1 OR 2 Or 3", Join("or", ("1", "2", "3"))),
        ("1 and 2 or 3 and 4", Join("or", (Join("and", ("1", "2")), Join("and", ("3", "4"))))),
        ("1 and(2 or 3)and 4", Join("and", ("1", Join("or", ("2", "3")), "4"))),
        ("((1) and (2)) and (3)", Join("and", ("1", "2", "3"))),
        ("a-b and Android", Join("and", ("a-b", "Android"))),
    ],
)
def test_logic_is_read(text: str, expression: object) -> None:
    assert parse_logic(text) == expression


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 2", "'2' is unexpected"),
        ("1 and", "it ends too early"),
        ("or 1", "'or' is unexpected"),
        ("1 and AND", "'AND' is unexpected"),
        ("(1", "a bracket is not closed"),
        ("(1 2)", "a bracket is not closed"),
        ("1)", "')' is unexpected"),
        ("()", "')' is unexpected"),
        ("1 " + "x" * 99, f"'{'x' * 40}' is unexpected"),
        ("(" * 65 + "1" + ")" * 65, "its brackets are nested too deep"),
    ],
)
def test_broken_logic_is_refused(text: str, reason: str) -> None:
    with pytest.raises(LogicError) as caught:
        parse_logic(text)

    assert str(caught.value) == reason


def test_brackets_may_be_deep_and_many() -> None:
    deep = "(" * MOST_BRACKETS + "1" + ")" * MOST_BRACKETS

    assert parse_logic(f"{deep} and {deep}") == Join("and", ("1", "1"))


@pytest.mark.parametrize(
    ("rules", "truth"),
    [
        ({}, True),
        ({"logic": ""}, True),
        ({"1": node("yes")}, True),
        ({"1": node("yes"), "2": node("no")}, False),
        ({"1": node("yes"), "2": node("no"), "logic": ""}, False),
        ({"1": node("yes"), "2": node("no"), "logic": "1"}, True),
        ({"big": node("yes"), "small": node("no"), "logic": "small or big"}, True),
        ({"1": node("yes", **{"1": node("no")})}, False),
        ({"1": node("no", **{"1": node("yes")})}, False),
        ({"1": node("yes", **{"1": node("no"), "2": node("yes"), "logic": "1 or 2"})}, True),
        ({"1": node("maybe", **{"1": node("no")})}, False),
        ({"1": node("yes", **{"1": node("maybe")})}, None),
        ({"1": node("no"), "2": node("maybe"), "logic": "1 or 2"}, None),
        ({"1": node("maybe"), "2": node("yes"), "logic": "1 or 2"}, True),
        ({"1": node("maybe"), "2": node("no")}, False),
        ({"1": node("maybe"), "2": node("yes")}, None),
    ],
)
def test_truth(rules: dict[str, Any], truth: bool | None) -> None:
    assert judge(rules).truth is truth


trees = st.recursive(
    st.sampled_from(sorted(TRUTHS)),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1)),
    max_leaves=8,
)


def written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    word, parts = tree
    return "(" + f" {word} ".join(map(written, parts)) + ")"


def valued(tree: Any) -> bool | None:
    if isinstance(tree, str):
        return TRUTHS[tree]
    word, parts = tree
    values = [valued(part) for part in parts]
    decisive = word == "or"
    if decisive in values:
        return decisive
    return None if None in values else not decisive


@settings(max_examples=300, deadline=None)
@given(tree=trees)
def test_logic_has_three_values(tree: Any) -> None:
    rules = {label: node(label) for label in TRUTHS}

    judgement = judge({**rules, "logic": written(tree)})

    assert judgement.truth is valued(tree)
    assert (judgement.failure is not None) is (judgement.truth is False)


def told(**rules: Any) -> str | None:
    failure = judge(rules).failure
    assert failure is not None
    return failure.custom


@pytest.mark.parametrize(
    ("logic", "text"),
    [
        ("first and second", "1st"),
        ("second and first", "2nd"),
        ("silent and first", None),
        ("open and second", "2nd"),
        ("fine and (second or first)", "2nd"),
    ],
)
def test_the_first_failure_is_told(logic: str, text: str | None) -> None:
    rules = {
        "first": node("no", "1st"),
        "second": node("no", "2nd"),
        "silent": node("no"),
        "open": node("maybe", "open"),
        "fine": node("yes", "fine"),
    }

    assert told(logic=logic, **rules) == text


@pytest.mark.uncertain
@pytest.mark.parametrize(
    ("logic", "text"),
    [
        ("silent or first or second", "1st"),
        ("silent or (silent and first) or second", "2nd"),
        ("silent or silent", None),
    ],
)
def test_of_alternatives_the_first_with_a_text_is_told(logic: str, text: str | None) -> None:
    rules = {"first": node("no", "1st"), "second": node("no", "2nd"), "silent": node("no")}

    assert told(logic=logic, **rules) == text


def test_the_nearest_text_is_told() -> None:
    around = node("yes", "around", **{"1": node("yes", "inner", **{"1": node("no")})})
    within = node("yes", "around", **{"1": node("no", "own")})

    assert told(one=around) == "inner"
    assert told(one=within) == "own"
    assert told(one=node("no"), two=around, logic="one or two") == "inner"


def test_labels_without_logic_go_by_number() -> None:
    texts = {label: node("no", label) for label in ("x", "10", "9")}

    assert told(**texts) == "9"
    assert told(**{"x": texts["x"], "10": texts["10"]}) == "10"


def test_labels_of_what_was_left_out_are_listed() -> None:
    rules = {
        "a": node("yes"),
        "b": node("yes", **{"1": node("maybe")}),
        "c": node("maybe"),
        "d": node("maybe"),
        "logic": "c and (b or a)",
    }

    assert judge(rules, {"maybe"}) == Judgement(None, None, ("c", "b"))
    assert judge(rules | {"logic": "a or c"}, {"maybe"}) == Judgement(True, None, ("c",))
    assert judge(rules | {"logic": "a"}, {"maybe"}) == Judgement(True)
    assert judge(rules, {"none"}) == Judgement(None)


def test_names_are_taken_once() -> None:
    with pytest.raises(DuplicateEntry):
        STANDARD_RULES.extended("order.amount", RuleKind(read=read, violated=VIOLATED))
