"""Reading a validation rule from its wire form.

Source: spec rules-and-qualification, sections 2 (what is refused), 3 and 6.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kupon.engine.applicability import Applicability, parse_applicability
from kupon.engine.bundles import parse_bundle
from kupon.engine.conditions import STANDARD_OPERATORS, Operator
from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.registry import Registry
from kupon.engine.rules import nodes
from kupon.engine.rules.catalogue import STANDARD_RULES
from kupon.engine.rules.kinds import (
    KEY,
    MetadataTypes,
    NodeDefinition,
    Picking,
    Reading,
    RuleDefinitionError,
    RuleKind,
    untyped,
)
from kupon.engine.rules.logic import (
    MOST_TOLD,
    Expression,
    Join,
    LogicError,
    joined,
    parse_logic,
)
from kupon.engine.rules.nodes import ItemNode, Leaf, Never, Node
from kupon.engine.rules.rule import Rule
from kupon.engine.rules.verdict import REDEMPTION_VIOLATED, Failure

# Levels of nested rules and of brackets in their logic, taken together.
DEEPEST: Final = 64
_LOGIC: Final = "logic"


def parse_rule(
    rule_id: str,
    definition: object,
    names: Registry[RuleKind] = STANDARD_RULES,
    operators: Registry[Operator] = STANDARD_OPERATORS,
    types: MetadataTypes = untyped,
) -> Rule:
    """Read a validation rule that somebody sent.

    Shapes: definition holds the wire's rules, bundle_rules, applicable_to and error, and whatever
        else a rule has; types says how metadata schemas type a property of a resource (customer,
        order, order_item, product, redemption, custom_event).
    Raises: DefinitionError with key invalid_validation_rules.
    """
    return _read(rule_id, definition, _Reader(names, operators, types, None))


def parse_stored_rule(
    rule_id: str,
    definition: object,
    names: Registry[RuleKind] = STANDARD_RULES,
    operators: Registry[Operator] = STANDARD_OPERATORS,
    types: MetadataTypes = untyped,
) -> Rule:
    """Read a validation rule that was accepted once, though maybe with other plugins about.

    Shapes: a node whose name nobody registers is never True, nor is a rule that cannot be read at
        all; `faults` of the rule say so.
    """
    faults: list[str] = []
    try:
        return _read(rule_id, definition, _Reader(names, operators, types, faults))
    except DefinitionError as error:
        return Rule(id=rule_id, node=Never(REDEMPTION_VIOLATED), faults=(error.details,))


def _read(rule_id: str, definition: object, reader: _Reader) -> Rule:
    fields = Fields(definition, "", KEY)
    group = reader.group(fields.get("rules"), ".rules", depth=0, is_inside=False)
    return Rule(
        id=rule_id,
        node=group.node,
        labels=tuple(
            (label, frozenset(node.name for node in part.walk()))
            for label, part in group.mentioned.items()
        ),
        message=_text(fields, ""),
        applicable_to=_applicability(fields.get("applicable_to"), group.node),
        bundle=parse_bundle(fields.get("bundle_rules"), ".bundle_rules"),
        faults=tuple(reader.faults or ()),
    )


class _Group(NamedTuple):
    """A rule map, read: the mentioned nodes by label in the order of the text, and their join."""

    node: Node | None
    mentioned: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class _Reader:
    """What rules may say; faults takes unknown names, None refuses them."""

    names: Registry[RuleKind]
    operators: Registry[Operator]
    types: MetadataTypes
    faults: list[str] | None

    def group(self, definition: object, path: str, *, depth: int, is_inside: bool) -> _Group:
        """Read a map of nodes with its logic; is_inside says that an item node is around it."""
        if definition is None:
            return _Group(None, {})
        members = Fields(definition, path, KEY).members
        if depth > DEEPEST:
            raise RuleDefinitionError(path, "Rules are nested too deep")
        expression = _expression(members, path)
        places = _depths(expression, depth)
        parts = {
            label: self._node(
                label,
                node,
                f"{path}.{label}",
                depth=places.get(label, depth),
                is_inside=is_inside,
            )
            for label, node in members.items()
            if label != _LOGIC
        }
        if expression is None:
            return _Group(None, {})
        return _Group(_compiled(expression, parts), {label: parts[label] for label in places})

    def _node(
        self, label: str, definition: object, path: str, *, depth: int, is_inside: bool
    ) -> Node:
        fields = Fields(definition, path, KEY)
        name = fields.get("name")
        if not isinstance(name, str) or not name:
            raise RuleDefinitionError(path, f"Rule with key '{label}' must have a 'name'")
        kind = self.names.find(name)
        if kind is None:
            return self._unknown(name, path)
        if kind.is_subrule and not is_inside:
            sentence = f"Rule '{name}' must be inside the 'rules' of a rule on order items"
            raise RuleDefinitionError(path, sentence)
        reading = kind.read(self._definition(name, kind, fields, path))
        is_picking = isinstance(reading, Picking)
        nested = self.group(
            fields.get("rules"),
            f"{path}.rules",
            depth=depth + 1,
            is_inside=is_inside or is_picking,
        ).node
        if nested is not None and not kind.may_nest:
            raise RuleDefinitionError(path, f"Rule '{name}' cannot have 'rules'")
        return _assembled(name, reading, kind.violated.told(_text(fields, path)), nested)

    def _definition(self, name: str, kind: RuleKind, fields: Fields, path: str) -> NodeDefinition:
        member = fields.text("property") or ""
        if kind.needs_property and not member:
            raise RuleDefinitionError(path, f"Rule '{name}' must have a 'property'")
        conditions = fields.get("conditions")
        return NodeDefinition(
            name=name,
            path=path,
            conditions={}
            if conditions is None
            else Fields(conditions, f"{path}.conditions", KEY).members,
            property=member,
            operators=self.operators,
            types=self.types,
        )

    def _unknown(self, name: str, path: str) -> Node:
        sentence = f"Rule '{name}' is not supported"
        if self.faults is None:
            raise RuleDefinitionError(path, sentence)
        self.faults.append(sentence)
        return Leaf(name, Reading(check=lambda _subject, _match: False), REDEMPTION_VIOLATED)


def _assembled(
    name: str, reading: Reading | Picking, violated: Failure, nested: Node | None
) -> Node:
    if isinstance(reading, Picking):
        return ItemNode(name, reading, violated, nested)
    leaf = Leaf(name, reading, violated)
    if nested is None:
        return leaf
    return nodes.All((leaf, nodes.Enclosed(nested, violated.custom)))


def _expression(members: Mapping[str, Any], path: str) -> Expression | None:
    text = members.get(_LOGIC)
    if text is not None and not isinstance(text, str):
        raise RuleDefinitionError(path, "Rules must have a 'logic' of type string")
    try:
        expression = parse_logic(text or "")
    except LogicError as error:
        raise RuleDefinitionError(
            path, f"The 'logic' of the rules cannot be read: {error}"
        ) from None
    labels = sorted(members.keys() - {_LOGIC}, key=_rank)
    if expression is None:
        return joined("and", list(labels)) if labels else None
    for label in _depths(expression, 0):
        if label not in members or label == _LOGIC:
            sentence = f"The 'logic' of the rules mentions '{label[:MOST_TOLD]}', which is no rule"
            raise RuleDefinitionError(path, sentence)
    return expression


def _rank(label: str) -> tuple[bool, int, str]:
    """The order of labels where no logic gives one: numbers by size, then words."""
    is_number = label.isascii() and label.isdigit()
    return (not is_number, len(label.lstrip("0")) if is_number else 0, label)


def _depths(expression: Expression | None, depth: int) -> dict[str, int]:
    """Return the mentioned labels in the order of the text, with their deepest level."""
    found: dict[str, int] = {}
    waiting: list[tuple[Expression, int]] = [] if expression is None else [(expression, depth)]
    while waiting:
        part, level = waiting.pop()
        if isinstance(part, Join):
            waiting += [(inner, level + 1) for inner in reversed(part.parts)]
        else:
            found[part] = max(found.get(part, 0), level)
    return found


def _compiled(expression: Expression, parts: Mapping[str, Node]) -> Node:
    if isinstance(expression, str):
        return parts[expression]
    compiled = tuple(_compiled(part, parts) for part in expression.parts)
    return nodes.All(compiled) if expression.word == "and" else nodes.Any(compiled)


def _applicability(definition: object, node: Node | None) -> Applicability:
    """The product lists, with what older nodes mark as targets of the discount (section 6.5)."""
    lists = parse_applicability(definition, ".applicable_to", KEY)
    if node is None:
        return lists
    marked = [
        target
        for part in node.walk()
        if isinstance(part, ItemNode) and part.is_marked
        for target in part.picking.targets
    ]
    if not marked:
        return lists
    return lists.joined(parse_applicability({"included": marked}, ".rules", KEY))


def _text(fields: Fields, path: str) -> str | None:
    error = fields.get("error")
    if error is None:
        return None
    return Fields(error, f"{path}.error", KEY).text("message") or None
