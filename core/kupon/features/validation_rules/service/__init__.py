"""Use cases of rules and assignments; `inline` serves the features whose objects have rules."""

from kupon.features.validation_rules.service.assigning import assign as assign
from kupon.features.validation_rules.service.assigning import list_assignments as list_assignments
from kupon.features.validation_rules.service.assigning import list_of_rule as list_of_rule
from kupon.features.validation_rules.service.assigning import unassign as unassign
from kupon.features.validation_rules.service.inline import attach as attach
from kupon.features.validation_rules.service.inline import detach as detach
from kupon.features.validation_rules.service.inline import lists_of as lists_of
from kupon.features.validation_rules.service.rules import create_rule as create_rule
from kupon.features.validation_rules.service.rules import delete_rule as delete_rule
from kupon.features.validation_rules.service.rules import get_rule as get_rule
from kupon.features.validation_rules.service.rules import list_rules as list_rules
from kupon.features.validation_rules.service.rules import update_rule as update_rule
