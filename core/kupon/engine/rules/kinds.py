"""What a rule name stands for: how its node is read, and what is said when it fails.

A plugin adds a name with `STANDARD_RULES.extended("my.rule", RuleKind(...))`; its `read` turns the
node into a `Reading`, or a `Picking`, once, and what that holds is asked for every order.

Source: spec rules-and-qualification, sections 3, 6 and 13.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kupon.engine.conditions import Conditions, Operator, parse_conditions
from kupon.engine.definitions import DefinitionError
from kupon.engine.registry import Registry
from kupon.engine.rules.asked import Asked
from kupon.engine.rules.counters import Counter
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import Failure

KEY: Final = "invalid_validation_rules"

# True, False, not known yet, or False for a reason of its own.
Check = Callable[[Subject, Match], bool | Failure | None]
Select = Callable[[Subject], Match | Failure]
# The type of a metadata property, by resource and name; None where no schema defines it.
MetadataTypes = Callable[[str, str], str | None]


class RuleDefinitionError(DefinitionError):
    """A rule that cannot be used, told in a sentence of its own.

    Source: spec rules-and-qualification, section 2 (sample of an error).
    """

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(path, sentence, KEY)

    def __str__(self) -> str:
        """Return the sentence for the wire's `details`."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A node with a question of its own, read.

    Shapes: asked is what has to hold first of all, where that is about metadata; counter is what
        it looks up; needs_projection where the order after the redeemable or its discount is asked
        for; is_mark says that it only marks the lines of the item node around it as targets of the
        discount.
    """

    check: Check
    necessary: Necessary = SAYS_NOTHING
    asked: Asked | None = None
    counter: Counter | None = None
    needs_customer: bool = False
    needs_projection: bool = False
    is_mark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picking:
    """An item node, read.

    Shapes: targets are the entries of `applicable_to` that a mark inside it stands for; without
        them it stands for the lines that are picked.
    """

    select: Select
    necessary: Necessary = SAYS_NOTHING
    targets: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDefinition:
    """One node as it was sent, for a kind to read.

    Shapes: property is there where the kind needs one.
    """

    name: str
    path: str
    conditions: Mapping[str, Any]
    property: str
    operators: Registry[Operator]
    types: MetadataTypes

    def error(self, sentence: str) -> RuleDefinitionError:
        """Build the error for this node."""
        return RuleDefinitionError(self.path, f"Rule '{self.name}' {sentence}")

    def listed(self, operator: str, values: object) -> list[Any]:
        """Return the values behind an operator; a single one may stand for a list.

        Raises: DefinitionError.
        """
        if isinstance(values, Mapping):
            raise DefinitionError(f"{self.path}.conditions.{operator}", "must be array", KEY)
        if values is None:
            return []
        return values if isinstance(values, list) else [values]

    def read(self, kind: str) -> Conditions:
        """Read the conditions for a subject of one type.

        Raises: DefinitionError.
        """
        return parse_conditions(
            self.conditions, f"{self.path}.conditions", kind, KEY, self.operators
        )

    def type_in(self, resource: str) -> str:
        """Return the type that a resource's schema gives the property; any without one."""
        return self.types(resource, self.property) or "any"

    def read_metadata(self, resource: str) -> Conditions:
        """Read the conditions for a metadata property of a resource.

        Raises: DefinitionError.
        """
        return self.read(self.type_in(resource))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """One rule name.

    Shapes: violated is what is said when the node is False; a sub-rule stands in the `rules` of an
        item node; a kind that may not nest has no sub-rules of its own.
    """

    read: Callable[[NodeDefinition], Reading | Picking]
    violated: Failure
    needs_property: bool = False
    is_subrule: bool = False
    may_nest: bool = True


def untyped(_resource: str, _name: str) -> None:
    """Know no schema: compare metadata as it comes."""
